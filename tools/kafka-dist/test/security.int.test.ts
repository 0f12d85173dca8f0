import { writeFile } from 'node:fs/promises';
import { join, dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runKafkaTool, startKafka, type KafkaCluster, type RunResult } from '../src/index.ts';

const users = [
  { username: 'admin', password: 'admin "secret"\\' },
  { username: 'reader', password: 'reader-secret' },
];

describe('a broker with SASL, SSL and access control', () => {
  let kafka: KafkaCluster;

  beforeAll(async () => {
    kafka = await startKafka({
      sasl: { users },
      ssl: { clientAuth: 'required' },
      authorizer: { superUsers: ['admin'] },
    });
    await createTopic(kafka.bootstrapServers, 'guarded');
  });
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
  });

  let files = 0;
  const topics = async (
    servers: string,
    args: string[],
    properties: Record<string, string> = {},
  ): Promise<RunResult> => {
    const file = join(
      dirname(kafka.brokers[0]?.logDir ?? ''),
      `client-${String(files++)}.properties`,
    );
    const text = Object.entries(properties).map(
      ([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`,
    );
    await writeFile(
      file,
      ['default.api.timeout.ms=8000\nrequest.timeout.ms=4000\n', ...text].join(''),
    );
    return await runKafkaTool(kafka.jars, 'org.apache.kafka.tools.TopicCommand', [
      ...['--bootstrap-server', servers, '--command-config', file],
      ...args,
    ]);
  };
  const createTopic = async (
    servers: string,
    topic: string,
    properties?: Record<string, string>,
  ): Promise<RunResult> => await topics(servers, ['--create', '--topic', topic], properties);

  const sasl = (mechanism: string, username: string, password: string): Record<string, string> => {
    const login = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
    const quoted = password.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    return {
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': mechanism,
      'sasl.jaas.config': `org.apache.kafka.common.security.${login} required username="${username}" password="${quoted}";`,
    };
  };

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
    'lets a user in with %s',
    async (mechanism) => {
      for (const { username, password } of users) {
        const result = await topics(
          kafka.saslBootstrapServers,
          ['--list'],
          sasl(mechanism, username, password),
        );
        expect(result, result.stderr).toMatchObject({ exitCode: 0 });
        // Who has no permission on a topic does not see it.
        expect(result.stdout.includes('guarded')).toBe(username === 'admin');
      }
    },
  );

  it('turns away a wrong password and a missing one', async () => {
    const wrong = await topics(
      kafka.saslBootstrapServers,
      ['--list'],
      sasl('SCRAM-SHA-512', 'reader', 'wrong'),
    );
    expect(wrong.exitCode).not.toBe(0);
    expect(wrong.stdout + wrong.stderr).toMatch(/Authentication failed/);
    expect((await topics(kafka.saslBootstrapServers, ['--list'])).exitCode).not.toBe(0);
  });

  it('allows super users what it forbids others', async () => {
    const plain = (index: 0 | 1): Record<string, string> =>
      sasl('PLAIN', users[index]?.username ?? '', users[index]?.password ?? '');
    const denied = await createTopic(kafka.saslBootstrapServers, 'by-reader', plain(1));
    expect(denied.exitCode).not.toBe(0);
    expect(denied.stdout + denied.stderr).toMatch(/Authorization failed/);
    expect(await createTopic(kafka.saslBootstrapServers, 'by-admin', plain(0))).toMatchObject({
      exitCode: 0,
    });
  });

  it('speaks SSL to who trusts its authority and shows a certificate', async () => {
    const { ca, clientKeystore } = kafka.certificates;
    const trust = {
      'security.protocol': 'SSL',
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': ca,
    };
    const own = { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': clientKeystore };
    expect(await topics(kafka.sslBootstrapServers, ['--list'], { ...trust, ...own })).toMatchObject(
      { exitCode: 0 },
    );
    expect((await topics(kafka.sslBootstrapServers, ['--list'], trust)).exitCode).not.toBe(0);
    expect(
      (await topics(kafka.sslBootstrapServers, ['--list'], { 'security.protocol': 'SSL', ...own }))
        .exitCode,
    ).not.toBe(0);
  });
});
