import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toKopsError } from '@kops/core';
import { connectionOf } from './cluster-connection.ts';
import { settingVariables } from './environment.ts';
import { describeConfig, loadConfig, secretsOf, type ConfigSources } from './load-config.ts';
import { schemaAt } from './schema-paths.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kops-config-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function yaml(text: string): Promise<string> {
  const file = join(directory, 'kops.yaml');
  await writeFile(file, text);
  return file;
}

/** The message that a wrong configuration gets. */
async function mistake(sources: Partial<ConfigSources>): Promise<string> {
  const error = await loadConfig({ env: {}, ...sources }).then(
    () => undefined,
    (thrown: unknown) => toKopsError(thrown),
  );
  expect(error).toMatchObject({ code: 'KOPS_CONFIG', exitCode: 2 });
  expect(error?.hint).toBeTruthy();
  return `${error?.message ?? ''} | ${error?.hint ?? ''}`;
}

describe('loadConfig', () => {
  it('gives defaults where nothing is said', async () => {
    const { config } = await loadConfig({ env: {} });
    expect(config).toEqual({
      backup: {
        ack: 'sync',
        isolation: 'read_committed',
        segmentBytes: 67_108_864,
        fileMode: '0600',
        generationIntervalMs: 60_000,
      },
      archiver: {},
      agent: {},
      catalog: { elasticsearch: {}, schemaRegistry: {} },
      clusters: {},
      repositories: {},
      backups: {},
      logging: { level: 'info' },
    });
  });

  it('puts flags above the environment above the file above defaults, and says what came from where', async () => {
    const file = await yaml(`
      cluster: { bootstrapServers: [file:1], clientId: from-file }
      backup: { ack: async, isolation: read_uncommitted, segmentBytes: 8MiB, topics: [a, b] }
      repository: /file
      logging:
    `);
    const loaded = await loadConfig({
      file,
      env: {
        KOPS_BOOTSTRAP_SERVER: 'env:1,env:2',
        KOPS_BACKUP_ACK: 'sync',
        KOPS_BACKUP_TOPICS: 'c',
        HOME: '/x',
      },
      flags: { 'cluster.bootstrapServers': 'flag:1', repository: undefined },
    });
    expect(loaded.config.cluster).toEqual({ bootstrapServers: ['flag:1'], clientId: 'from-file' });
    expect(loaded.config.repository).toEqual(['/file']);
    expect(describeConfig(loaded)).toEqual([
      { path: 'cluster.bootstrapServers', value: ['flag:1'], source: 'flag' },
      { path: 'cluster.clientId', value: 'from-file', source: file },
      { path: 'repository', value: ['/file'], source: file },
      { path: 'backup.topics', value: ['c'], source: 'KOPS_BACKUP_TOPICS' },
      { path: 'backup.ack', value: 'sync', source: 'KOPS_BACKUP_ACK' },
      { path: 'backup.isolation', value: 'read_uncommitted', source: file },
      { path: 'backup.segmentBytes', value: 8_388_608, source: file },
      { path: 'backup.fileMode', value: '0600', source: 'default' },
      { path: 'backup.generationIntervalMs', value: 60_000, source: 'default' },
      { path: 'logging.level', value: 'info', source: 'default' },
    ]);
  });

  it('takes the file that KOPS_CONFIG names, unless another is given', async () => {
    const file = await yaml('logging: { level: debug }');
    expect((await loadConfig({ env: { KOPS_CONFIG: file } })).config.logging.level).toBe('debug');
    expect((await loadConfig({ env: { KOPS_CONFIG: '' } })).config.logging.level).toBe('info');
    const other = await loadConfig({ env: { KOPS_CONFIG: '/none' }, file });
    expect(other.config.logging.level).toBe('debug');
  });

  it("takes SCRAM-SHA-512 in Kafka's own spelling", async () => {
    const sasl = '{ mechanism: SCRAM-SHA-512, username: u, password: "p" }';
    const file = await yaml(`cluster: { bootstrapServers: ["a:1"], sasl: ${sasl} }`);
    const { config } = await loadConfig({ file, env: {} });
    expect(config.cluster?.sasl?.mechanism).toBe('scram-sha-512');
  });

  it('substitutes variables in texts after the YAML was parsed, once', async () => {
    const file = await yaml(`
      cluster:
        bootstrapServers: ["\${HOST}:9092"]
        tls: { rejectUnauthorized: "\${STRICT}" }
        sasl: { mechanism: plain, username: "a $\${b} $c", password: "\${PASSWORD}" }
    `);
    const env = { HOST: 'broker', STRICT: 'false', PASSWORD: '": [x] # ${HOST}' };
    const { config } = await loadConfig({ file, env });
    expect(config.cluster).toEqual({
      bootstrapServers: ['broker:9092'],
      tls: { rejectUnauthorized: false },
      sasl: { mechanism: 'plain', username: 'a ${b} $c', password: '": [x] # ${HOST}' },
    });
    expect(await mistake({ file, env: { HOST: 'broker', STRICT: 'false' } })).toContain(
      'setting cluster.sasl.password needs the environment variable PASSWORD',
    );
    expect(await mistake({ file: await yaml('repository: "a${b-c}"') })).toContain(
      'invalid variable reference',
    );
    expect(await mistake({ file: await yaml('repository: "a${b"') })).toContain(
      'invalid variable reference',
    );
  });

  it('names an unknown setting and the nearest known one', async () => {
    const file = await yaml(
      'cluster: { bootstrapServer: [a:1], sasl: { user: x } }\nbackup_: {}\nxyzzy: 1',
    );
    const message = await mistake({ file });
    expect(message).toContain(
      'cluster.bootstrapServer: unknown setting, did you mean cluster.bootstrapServers?',
    );
    expect(message).toContain('cluster.sasl.user: unknown setting');
    expect(message).toContain('backup_: unknown setting, did you mean backup?');
    expect(message).toContain(
      'xyzzy: unknown setting, expected one of cluster, repository, backup',
    );
    const inTls = await yaml('clusters: { main: { bootstrapServers: [a:1], tls: { cafile: x } } }');
    expect(await mistake({ file: inTls })).toContain('did you mean clusters.main.tls.caFile?');
    expect(await mistake({ file: await yaml('__proto__: { backup: {} }') })).toContain('__proto__');
  });

  it('takes backups that an archiver runs: each follows or has an interval', async () => {
    const file = (how: string): Promise<string> =>
      yaml(
        `backups: { nightly: { cluster: shop, repositories: [nas], topics: 'orders*', ${how} } }`,
      );
    const { config } = await loadConfig({ env: {}, file: await file('intervalMs: 6h') });
    expect(config.backups).toEqual({
      nightly: {
        cluster: 'shop',
        repositories: ['nas'],
        topics: ['orders*'],
        isolation: 'read_committed',
        follow: false,
        generationIntervalMs: 60_000,
        intervalMs: 21_600_000,
      },
    });
    for (const how of ['follow: true, intervalMs: 6h', 'follow: false'])
      expect(await mistake({ env: {}, file: await file(how) })).toContain(
        'backups.nightly: expected either follow: true or intervalMs',
      );
  });

  it('says what was expected, what it got and from where', async () => {
    const message = await mistake({
      file: await yaml(
        'cluster: { bootstrapServers: [a], tls: maybe }\nlogging: [1]\nbackup: { segmentBytes: 1G, fileMode: 0700 }',
      ),
      env: { KOPS_BACKUP_ACK: 'never', KOPS_AGENT_BROKERS: '1,x' },
      flags: { 'backup.generationIntervalMs': '1ms', 'clusters.x.clientId': 'y' },
    });
    for (const expected of [
      'cluster.bootstrapServers: expected a list of host:port, got ["a"] (from /',
      'cluster.tls: expected true, false or {caFile, certFile, keyFile, …}, got "maybe"',
      'logging: expected a map of settings, got [1]',
      'backup.segmentBytes: expected a size from 1MiB to 2047MiB, got "1G"',
      "backup.fileMode: expected the permissions of files in octal, such as '0600' or '0640', got 700",
      'backup.ack: expected one of sync, got "never" (from KOPS_BACKUP_ACK)',
      'agent.brokers: expected a list of broker ids, got "1,x" (from KOPS_AGENT_BROKERS)',
      'backup.generationIntervalMs: expected a time from 1s to 1d, in ms if a number, got "1ms" (from flag)',
      'clusters.x.bootstrapServers: expected a list of host:port, got nothing',
    ]) {
      expect(message).toContain(expected);
    }
  });

  it.each(['0640', "'0640'", '640', "'640'"])(
    'takes the permissions of files as people write them in octal: %s',
    async (written) => {
      const file = await yaml(`backup: { fileMode: ${written} }`);
      expect((await loadConfig({ env: {}, file })).config.backup.fileMode).toBe('0640');
    },
  );

  it('refuses a file that is missing, too large, no YAML or no map', async () => {
    expect(await mistake({ file: join(directory, 'none.yaml') })).toContain('no such file');
    expect(await mistake({ file: await yaml('#'.repeat(1024 * 1024 + 1)) })).toContain(
      'larger than',
    );
    expect(await mistake({ file: await yaml('a: [1\nb: 2') })).toContain('line 2');
    expect(await mistake({ file: await yaml('a: 1\na: 2') })).toContain('unique');
    expect(await mistake({ file: await yaml('- 1') })).toContain('not a map');
    const bomb = [
      'a: &a [x]',
      ...'bcdefghij'.split('').map((name, at) => {
        const below = 'abcdefghij'[at] ?? '';
        return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${below}`).join(',')}]`;
      }),
    ].join('\n');
    expect(await mistake({ file: await yaml(bomb) })).toContain('alias');
  });

  it('warns of a KOPS_ variable that looks like a misspelt setting, and ignores it', async () => {
    const { config, warnings } = await loadConfig({
      env: { KOPS_REPOSITRY: 'x', KOPS_ELASTICSEARCH_URL: 'http://e', KOPS_JAVVA: 'y' },
    });
    expect(config).toEqual((await loadConfig({ env: {} })).config);
    expect(warnings).toEqual([
      'the environment variable KOPS_ELASTICSEARCH_URL is ignored: it is not a kops setting. Did you mean KOPS_ELASTICSEARCH?',
      'the environment variable KOPS_JAVVA is ignored: it is not a kops setting. Did you mean KOPS_JAVA?',
      'the environment variable KOPS_REPOSITRY is ignored: it is not a kops setting. Did you mean KOPS_REPOSITORY?',
    ]);
  });

  it('says nothing of variables of other programs, of platforms and of what is read elsewhere', async () => {
    const env = {
      // Kubernetes kOps
      KOPS_STATE_STORE: 's3://state',
      KOPS_CLUSTER_NAME: 'k8s.example.com',
      KOPS_FEATURE_FLAGS: '+X',
      KOPS_BASE_URL: 'https://x',
      KOPS_VERSION: '1.30',
      KOPS_WHATEVER_ELSE: 'x',
      KOPS_ARCHIVER_PORT: 'tcp://10.0.0.1:80',
      KOPS_ARCHIVER_SERVICE_HOST: '10.0.0.1',
      KOPS_ARCHIVER_SERVICE_PORT_GRPC: '80',
      KOPS_ARCHIVER_PORT_80_TCP_ADDR: '10.0.0.1',
      KOPS_CACHE_DIR: '/c',
      KOPS_JAVA: '/j',
      KOPS_ELASTICSEARCH: 'http://e',
      KOPS_TEST_ANYTHING: '1',
      KOPS_REPOSITORY: '',
    };
    const { config, warnings } = await loadConfig({ env });
    expect(warnings).toEqual([]);
    expect(config.repository).toBeUndefined();
    expect(config.catalog.elasticsearch.node).toEqual(['http://e']);
  });

  it('refuses two names of one setting that disagree', async () => {
    const env = { KOPS_BOOTSTRAP_SERVER: 'a:1', KOPS_CLUSTER_BOOTSTRAP_SERVERS: 'b:1' };
    expect(await mistake({ env })).toContain(
      'KOPS_BOOTSTRAP_SERVER and KOPS_CLUSTER_BOOTSTRAP_SERVERS',
    );
    env.KOPS_CLUSTER_BOOTSTRAP_SERVERS = 'a:1';
    expect((await loadConfig({ env })).config.cluster?.bootstrapServers).toEqual(['a:1']);
  });

  it('joins variables below a setting that is a value itself', async () => {
    const env = {
      KOPS_BOOTSTRAP_SERVER: 'a:1',
      KOPS_CLUSTER_TLS_CA_FILE: '/ca',
      KOPS_CLUSTER_TLS: 'true',
    };
    expect((await loadConfig({ env })).config.cluster?.tls).toEqual({ caFile: '/ca' });
  });

  it('has a variable for every setting of fixed name', () => {
    const variables = settingVariables();
    for (const path of variables.values()) expect(schemaAt(path)).toBeDefined();
    expect([...variables.keys()]).toEqual(
      expect.arrayContaining([
        'KOPS_CLUSTER_BOOTSTRAP_SERVERS',
        'KOPS_CLUSTER_TLS',
        'KOPS_CLUSTER_TLS_REJECT_UNAUTHORIZED',
        'KOPS_CLUSTER_SASL_PASSWORD',
        'KOPS_REPOSITORY',
        'KOPS_BACKUP_GENERATION_INTERVAL_MS',
        'KOPS_ARCHIVER_SECRET',
        'KOPS_AGENT_BROKERS',
        'KOPS_LOGGING_LEVEL',
      ]),
    );
  });

  it('shows addresses without the user and password that stand in them', async () => {
    const loaded = await loadConfig({ env: { KOPS_ELASTICSEARCH: 'https://u:p4ss@es:9200/x' } });
    const shown = describeConfig(loaded).find(({ path }) => path.endsWith('node'));
    expect(shown?.value).toEqual(['https://(redacted)@es:9200/x']);
  });

  it('never shows a secret, neither in a description nor in an error', async () => {
    const secret = 'correct-horse';
    const file = await yaml(`
      cluster: { bootstrapServers: [a:1], sasl: { mechanism: plain, username: u, password: "\${P}" }, tls: { passphrase: "\${P}" } }
      archiver: { secret: ${secret} }
      clusters: { other: { bootstrapServers: [a:1], sasl: { mechanism: plain, username: u, password: ${secret} } } }
    `);
    const loaded = await loadConfig({ file, env: { P: secret } });
    expect(secretsOf(loaded)).toEqual([secret, secret, secret, secret]);
    expect(JSON.stringify(describeConfig(loaded))).not.toContain(secret);
    expect(JSON.stringify(describeConfig(loaded)).match(/\(redacted\)/g)).toHaveLength(4);

    const wrong: Partial<ConfigSources>[] = [
      { file: await yaml(`archiver: { secret: [${secret}] }`) },
      { file: await yaml(`archiver: { secrets: ${secret} }`) },
      { file: await yaml('cluster: { bootstrapServers: ["${P}"] }'), env: { P: secret } },
      { file: await yaml('backup: { ack: "${P}" }'), env: { P: secret } },
      { file: await yaml(`archiver: { secret: ${secret}\n  listen: [`) },
    ];
    for (const sources of wrong) expect(await mistake(sources)).not.toContain(secret);
    const { warnings } = await loadConfig({ env: { KOPS_CLUSTER_SASL_PASSWORT: secret } });
    expect(warnings.join()).toContain('KOPS_CLUSTER_SASL_PASSWORD?');
    expect(warnings.join()).not.toContain(secret);
  });

  it('never takes arbitrary text for a host and port that has none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[a-z:,[\] ]{1,12}$/), async (text) => {
        await expect(
          loadConfig({ env: {}, flags: { 'archiver.listen': text } }),
        ).rejects.toMatchObject({
          code: 'KOPS_CONFIG',
        });
      }),
    );
  });
});

describe('connectionOf', () => {
  it('reads the TLS files, and names the one that it cannot read', async () => {
    const caFile = join(directory, 'ca.pem');
    await writeFile(caFile, 'PEM');
    const { config } = await loadConfig({
      env: { KOPS_BOOTSTRAP_SERVER: '[::1]:9092' },
      flags: { 'cluster.tls.caFile': caFile, 'cluster.tls.servername': 'kafka' },
    });
    const cluster = config.cluster!;
    expect(await connectionOf(cluster)).toEqual({
      bootstrapServers: ['[::1]:9092'],
      tls: { ca: 'PEM', servername: 'kafka' },
    });
    await expect(
      connectionOf({ ...cluster, tls: { keyFile: '/none/key.pem' } }),
    ).rejects.toMatchObject({
      code: 'KOPS_CONFIG',
      message: expect.stringContaining('/none/key.pem'),
    });
  });
});
