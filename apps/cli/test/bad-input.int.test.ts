import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCommit, encodeCommit } from '@kops/archive-format';
import { kafkaAdmin, produceWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kopsJson, runKops, type RunOptions } from './run-kops.ts';

const user = { username: 'backup', password: 'Geheim-Sicher=1' };
const sandbox = sandboxKafka({ beforeAll, afterAll }, { sasl: { users: [user] }, authorizer: {} });

let folder: string;
let repository: string;
let silent: { readonly server: Server; readonly address: string; readonly sockets: Set<Socket> };

/** A broker that accepts connections and never answers. */
async function listenSilently(): Promise<typeof silent> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    sockets,
    address: `127.0.0.1:${String((server.address() as { port: number }).port)}`,
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-cli-bad-'));
  repository = join(folder, 'repository');
  silent = await listenSilently();
  const kafka = sandbox();
  const admin = kafkaAdmin(kafka);
  for (const topic of ['allowed', 'unreadable', 'hidden']) await admin.createTopic({ topic });
  await produceWithJava(
    kafka,
    ['allowed', 'unreadable', 'hidden'].map((topic) => ({
      do: 'send',
      topic,
      partition: 0,
      value: 'v',
    })),
  );
  const grant = { principal: 'User:backup', resourceType: 'TOPIC' };
  const readable = ['READ', 'DESCRIBE_CONFIGS'].map((operation) => ({
    ...grant,
    resourceName: 'allowed',
    operation,
  }));
  const visible = ['DESCRIBE', 'DESCRIBE_CONFIGS'].map((operation) => ({
    ...grant,
    resourceName: 'unreadable',
    operation,
  }));
  await admin.createAcls([...readable, ...visible]);
  await kopsJson([
    'backup',
    '--bootstrap-server',
    kafka.bootstrapServers,
    '--repository',
    repository,
    '--topics',
    'allowed',
  ]);
  await writeFile(join(folder, 'a-file'), 'not a repository');
  await writeFile(join(folder, 'wrong.yaml'), 'cluster:\n  bootstrapServer: localhost:9092\n');
});
afterAll(async () => {
  for (const socket of silent.sockets) socket.destroy();
  silent.server.close();
  await rm(folder, { recursive: true, force: true });
});

const login = (password = user.password): Record<string, string> => ({
  KOPS_CLUSTER_SASL_MECHANISM: 'plain',
  KOPS_CLUSTER_SASL_USERNAME: user.username,
  KOPS_CLUSTER_SASL_PASSWORD: password,
});

/** Runs what must fail: one error that says what, what to do, and the exit code; the same as JSON. */
async function expectFailure(
  args: readonly string[],
  expected: { readonly exit: number; readonly code: string; readonly says: string | RegExp },
  options: RunOptions = {},
): Promise<void> {
  const run = await runKops([...args, '--json'], options);
  expect(run.code, run.stderr).toBe(expected.exit);
  expect(JSON.parse(run.stdout)).toMatchObject({
    error: { code: expected.code, exit: expected.exit, hint: expect.stringMatching(/./) as string },
  });
  expect(run.stderr.match(/^Error: /gm)).toHaveLength(1);
  expect(run.stderr).toMatch(expected.says);
  expect(run.stderr).toMatch(/^Try: {3}\S/m);
  expect(run.stderr).toContain(`Code:  ${expected.code} (exit ${String(expected.exit)})`);
  // No stack traces, no code.
  expect(run.stderr).not.toMatch(/^ +at .*:\d+:\d+\)?$/m);
}

const from = (): string[] => ['--repository', repository];
const live = (): string[] => [
  '--bootstrap-server',
  sandbox().bootstrapServers,
  '--repository',
  repository,
];

describe('what cannot be meant ends with 2', () => {
  it.each<[string, () => string[], string, RegExp]>([
    [
      'an unknown flag',
      () => ['verify', ...from(), '--depth', '3'],
      'KOPS_USAGE',
      /has no flag --depth/,
    ],
    [
      'an unknown command',
      () => ['restor', ...from()],
      'KOPS_USAGE',
      /Did you mean 'kops restore'/,
    ],
    [
      'help of an unknown command',
      () => ['help', 'restor'],
      'KOPS_USAGE',
      /unknown command 'restor'/,
    ],
    ['a missing repository', () => ['archives', 'list'], 'KOPS_USAGE', /--repository is missing/],
    ['a missing flag', () => ['cat', ...from(), '--topic', 'allowed'], 'KOPS_USAGE', /partition/],
    [
      'an unknown setting',
      () => ['archives', 'list', ...from(), '--config', join(folder, 'wrong.yaml')],
      'KOPS_CONFIG',
      /bootstrapServer/,
    ],
    [
      'a configuration that is not there',
      () => ['archives', 'list', ...from(), '--config', join(folder, 'none.yaml')],
      'KOPS_CONFIG',
      /none\.yaml/,
    ],
    ...[['agent'], ['archiver'], ['config', 'show']].map(
      (command): [string, () => string[], string, RegExp] => [
        `a configuration that is not there, of ${command.join(' ')}, which has no flags of its own`,
        () => [...command, '--config', join(folder, 'none.yaml')],
        'KOPS_CONFIG',
        /none\.yaml/,
      ],
    ),
    [
      'a repository that is a file',
      () => ['archives', 'list', '--repository', join(folder, 'a-file')],
      'KOPS_USAGE',
      /is not a directory/,
    ],
    [
      'a backup into a file',
      () => [
        'backup',
        '--bootstrap-server',
        sandbox().bootstrapServers,
        '--repository',
        join(folder, 'a-file'),
      ],
      'KOPS_USAGE',
      /is not a directory/,
    ],
    [
      'an offset beyond the cut',
      () => ['cat', ...from(), '--topic', 'allowed', '--partition', '0', '--from-offset', '77'],
      'KOPS_USAGE',
      /offsets 0 to 0.*not 77/,
    ],
    [
      'a rename without a name',
      () => ['restore', ...live(), '--rename', 'allowed'],
      'KOPS_USAGE',
      /not a rename/,
    ],
    [
      'a time without a zone',
      () => ['restore', ...live(), '--from', '2026-03-01T12:00'],
      'KOPS_USAGE',
      /not a point in time/,
    ],
    [
      'a method that does not exist yet',
      () => ['restore', ...live(), '--method', 'log-dir'],
      'KOPS_USAGE',
      /--method: expected one of produce, got "log-dir"/,
    ],
    [
      'a restore to nowhere',
      () => ['restore', ...from()],
      'KOPS_USAGE',
      /--bootstrap-server is missing/,
    ],
    [
      'an address that is none',
      () => ['restore', ...from(), '--bootstrap-server', 'kafka'],
      'KOPS_CONFIG',
      /host:port/,
    ],
    [
      'a subset that is none',
      () => ['verify', ...from(), '--subset', '8/7'],
      'KOPS_USAGE',
      /is not a valid subset/,
    ],
    [
      'a size without a unit',
      () => ['estimate', '--partitions', '5', '--size', '10G'],
      'KOPS_USAGE',
      /not a size/,
    ],
    [
      'a sandbox with a cluster',
      () => ['drill', ...live(), '--sandbox', 'jvm'],
      'KOPS_USAGE',
      /--sandbox external/,
    ],
  ])('%s', async (_name, args, code, says) => {
    await expectFailure(args(), { exit: 2, code, says });
  });
});

describe('help', () => {
  it('has a synopsis of what must be given, and no word of the parser', async () => {
    const { code, stdout } = await runKops(['help', 'cat']);
    expect(code).toBe(0);
    expect(stdout).toContain('$ kops cat --topic NAME --partition N [FLAGS]\n');
    const root = await runKops(['-h']);
    expect(root.stdout).toMatch(/^ {2}kops \d+\.\d+\.\d+$/m);
    expect(stdout + root.stdout).not.toMatch(/oclif|@kops|<value>/);
  });
});

it('starts no archiver whose catalog could never be reached', async () => {
  const run = await runKops(['archiver'], { env: { KOPS_ELASTICSEARCH: 'es' } });
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toMatch(/Elasticsearch is (no|not a) URL/);
});

describe('what is not there ends with 10', () => {
  it.each<[string, () => string[], string, RegExp]>([
    [
      'a repository',
      () => ['archives', 'list', '--repository', join(folder, 'nowhere')],
      'KOPS_REPOSITORY_NOT_FOUND',
      /nowhere/,
    ],
    [
      'an archive',
      () => ['archives', 'show', ...from(), '--archive', '20200101t000000z-aaaaaaaa'],
      'KOPS_ARCHIVE_NOT_FOUND',
      /20200101t000000z-aaaaaaaa/,
    ],
    [
      'a topic of an archive',
      () => ['cat', ...from(), '--topic', 'nope', '--partition', '0'],
      'KOPS_TOPIC_NOT_FOUND',
      /topic 'nope'/,
    ],
    [
      'a partition of an archive',
      () => ['cat', ...from(), '--topic', 'allowed', '--partition', '7'],
      'KOPS_TOPIC_NOT_FOUND',
      /partition 7/,
    ],
    [
      'a topic to back up',
      () => ['backup', ...live(), '--topics', 'nope'],
      'KOPS_TOPIC_NOT_FOUND',
      /'nope'/,
    ],
    [
      'topics of a glob',
      () => ['backup', ...live(), '--topics', 'nope-*'],
      'KOPS_TOPIC_NOT_FOUND',
      /'nope-\*'/,
    ],
    [
      'a topic to restore',
      () => ['restore', ...live(), '--topics', 'nope'],
      'KOPS_TOPIC_NOT_FOUND',
      /'nope'/,
    ],
  ])('%s', async (_name, args, code, says) => {
    await expectFailure(args(), { exit: 10, code, says });
    // Without --json, stdout has nothing that a script could take for a result.
    expect(await runKops(args())).toMatchObject({ code: 10, stdout: '' });
  });
});

describe('brokers and rights', () => {
  it.each<[string, string[]]>([
    ['backup', ['backup']],
    ['restore', ['restore', '--rename', 'allowed=other']],
    ['estimate', ['estimate']],
  ])('%s says which broker cannot be reached', async (_name, args) => {
    await expectFailure([...args, ...from(), '--bootstrap-server', '127.0.0.1:1'], {
      exit: 30,
      code: 'KOPS_KAFKA_UNREACHABLE',
      says: /127\.0\.0\.1:1.*ECONNREFUSED/,
    });
  });

  it('makes no repository when the broker cannot be reached', async () => {
    const never = join(folder, 'never');
    await expectFailure(['backup', '--repository', never, '--bootstrap-server', '127.0.0.1:1'], {
      exit: 30,
      code: 'KOPS_KAFKA_UNREACHABLE',
      says: /127\.0\.0\.1:1/,
    });
    expect(existsSync(never)).toBe(false);
  });

  it('backs nothing up when nothing is selected, and makes no repository', async () => {
    const never = join(folder, 'never');
    const server = ['--bootstrap-server', sandbox().bootstrapServers];
    await expectFailure(['backup', '--repository', never, ...server, '--exclude', '*'], {
      exit: 10,
      code: 'KOPS_TOPIC_NOT_FOUND',
      says: /no topic to back up/,
    });
    await expectFailure(['backup', '--repository', never, ...server, '--exclude', 'allwed'], {
      exit: 10,
      code: 'KOPS_TOPIC_NOT_FOUND',
      says: /'allwed'/,
    });
    expect(existsSync(never)).toBe(false);
  });

  it('refuses one directory as two copies, also behind a link', async () => {
    const link = join(folder, 'same');
    await symlink(from().at(-1) ?? '', link);
    await expectFailure(['backup', ...live(), '--repository', link], {
      exit: 2,
      code: 'KOPS_USAGE',
      says: /same are the same directory/,
    });
  });

  it('gives up on a broker that never answers', async () => {
    const started = performance.now();
    await expectFailure(['backup', ...from(), '--bootstrap-server', silent.address], {
      exit: 30,
      code: 'KOPS_KAFKA_UNREACHABLE',
      says: new RegExp(silent.address.replaceAll('.', String.raw`\.`)),
    });
    expect(performance.now() - started).toBeLessThan(60_000);
  });

  it('tells a wrong password at once, and does not print it', async () => {
    const args = ['backup', ...from(), '--bootstrap-server', sandbox().saslBootstrapServers];
    await expectFailure(
      args,
      { exit: 31, code: 'KOPS_ACCESS_DENIED', says: /rejected the SASL login/ },
      { env: login('Wrong-Secret-77') },
    );
    const run = await runKops([...args, '--log-level', 'debug'], { env: login('Wrong-Secret-77') });
    expect(run.stdout + run.stderr).not.toContain('Wrong-Secret-77');
  });

  it('names the right that is missing', async () => {
    const sasl = ['--bootstrap-server', sandbox().saslBootstrapServers];
    await expectFailure(
      ['backup', '--repository', join(folder, 'denied'), ...sasl, '--topics', 'unreadable'],
      { exit: 31, code: 'KOPS_ACCESS_DENIED', says: /READ on topic 'unreadable'/ },
      { env: login() },
    );
    // What may not be described does not exist for this user.
    await expectFailure(
      ['backup', '--repository', join(folder, 'denied'), ...sasl, '--topics', 'hidden'],
      { exit: 10, code: 'KOPS_TOPIC_NOT_FOUND', says: /'hidden'/ },
      { env: login() },
    );
    const run = await runKops(['doctor', ...sasl], { env: login() });
    expect(run.code).toBe(31);
    expect(run.stdout).toMatch(
      /^FAIL {2}reading: 1 of 2 topics cannot be read\n.*unreadable.*READ/m,
    );
    expect(run.stdout).toMatch(/Try: .*READ on topic 'unreadable'/);
  });
});

describe('repositories that are not whole, and targets that are not empty', () => {
  /** A copy of the repository, changed. */
  async function changed(
    name: string,
    change: (directory: string) => Promise<void>,
  ): Promise<string> {
    const directory = join(folder, name);
    await cp(repository, directory, { recursive: true });
    await change(directory);
    return directory;
  }
  const onlyFile = async (directory: string): Promise<string> =>
    join(directory, (await readdir(directory))[0]!);

  it('tells a damaged manifest', async () => {
    const directory = await changed('damaged-manifest', async (copy) => {
      const path = await onlyFile(join(copy, 'manifests'));
      await writeFile(path, (await readFile(path, 'utf8')).replace('snapshot', 'snapshop'));
    });
    for (const command of [
      ['archives', 'show'],
      ['verify', '--level', 'checksum'],
      ['restore', '--bootstrap-server', sandbox().bootstrapServers],
    ]) {
      await expectFailure([...command, '--repository', directory], {
        exit: 20,
        code: 'KOPS_MANIFEST_INVALID',
        says: /manifest/,
      });
    }
    const list = await runKops(['archives', 'list', '--repository', directory]);
    expect(list.code).toBe(20);
    expect(list.stdout).toContain('cannot be read (KOPS_MANIFEST_INVALID)');
  });

  it('tells a manifest of a newer kops from a damaged one', async () => {
    const directory = await changed('newer-manifest', async (copy) => {
      const path = await onlyFile(join(copy, 'manifests'));
      const manifest = (await readFile(path, 'utf8')).replace('"version":1', '"version":2');
      await writeFile(path, manifest);
      const commitPath = await onlyFile(join(copy, 'commits', 'main'));
      const commit = decodeCommit(await readFile(commitPath));
      const sha256 = createHash('sha256').update(manifest).digest('hex');
      await writeFile(
        commitPath,
        encodeCommit({ ...commit, manifest: { ...commit.manifest!, sha256 } }),
      );
    });
    await expectFailure(['archives', 'show', '--repository', directory], {
      exit: 12,
      code: 'KOPS_FORMAT_UNSUPPORTED',
      says: /format version 2; this release supports 1/,
    });
  });

  it('tells a repository of a newer format', async () => {
    const directory = await changed('newer-repository', async (copy) => {
      await writeFile(join(copy, 'repository.json'), '{"version":2}\n');
    });
    await expectFailure(['archives', 'list', '--repository', directory], {
      exit: 12,
      code: 'KOPS_FORMAT_UNSUPPORTED',
      says: /version 2/,
    });
    const run = await runKops(['doctor', '--repository', directory]);
    expect(run.code).toBe(12);
  });

  it('finds one changed letter in repository.json, names it and says what to do', async () => {
    const directory = await changed('other-id', async (copy) => {
      const path = join(copy, 'repository.json');
      const text = await readFile(path, 'utf8');
      await writeFile(
        path,
        text.replace(/"id":"(.)/, (_, first) => `"id":"${first === 'a' ? 'b' : 'a'}`),
      );
    });
    for (const command of [
      ['archives', 'list'],
      ['verify', '--level', 'checksum'],
    ]) {
      await expectFailure([...command, '--repository', directory], {
        exit: 20,
        code: 'KOPS_MANIFEST_INVALID',
        says: /repository\.json does not match its own checksum/,
      });
    }
    expect((await runKops(['doctor', '--repository', directory])).code).toBe(20);
  });

  it('does not make a repository among other things', async () => {
    await expectFailure(
      [
        'backup',
        '--bootstrap-server',
        sandbox().bootstrapServers,
        '--repository',
        folder,
        '--topics',
        'allowed',
      ],
      { exit: 12, code: 'KOPS_REFUSED', says: /contains other files/ },
    );
  });

  it('does not restore into a topic that has records', async () => {
    await expectFailure(['restore', ...live()], {
      exit: 12,
      code: 'KOPS_REFUSED',
      says: /topic 'allowed' exists and has records/,
    });
    const dryRun = await runKops(['restore', ...live(), '--dry-run']);
    expect(dryRun.code).toBe(12);
    expect(dryRun.stdout).toMatch(/^Refused:$/m);
  });

  it('says what does not fit', async () => {
    const run = await runKops([
      'estimate',
      '--partitions',
      '5',
      '--copies',
      '1',
      '--size',
      '900TiB',
      ...from(),
    ]);
    expect(run.code).toBe(32);
    expect(run.stdout).toContain('5 partitions x 1 copy = 5 partition copies');
    expect(run.stdout).toContain('DOES NOT FIT');
  });
});
