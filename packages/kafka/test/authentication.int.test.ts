import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@kops/core';
import { clientPrincipal } from '@kops/kafka-dist';
import { kafkaAdmin, produceWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectKafka, type KafkaOptions, type SaslOptions } from '../src/index.ts';
import { batchOf } from './batches.ts';
import { drain } from './drain.ts';

const user = { username: 'backup', password: 'Geheim-Sicher=1' };
const mechanisms: SaslOptions['mechanism'][] = ['plain', 'scram-sha-256', 'scram-sha-512'];

describe('authentication and authorization by a broker', () => {
  const kafka = sandboxKafka(
    { beforeAll, afterAll },
    {
      sasl: { users: [user] },
      ssl: { clientAuth: 'required' },
      authorizer: {},
      // Sessions end after 12 s; the client library logs in again 10 s before.
      config: { 'connections.max.reauth.ms': '12000' },
    },
  );

  beforeAll(async () => {
    const admin = kafkaAdmin(kafka());
    await admin.createTopic({ topic: 'allowed' });
    await admin.createTopic({ topic: 'hidden' });
    const grant = { principal: 'User:backup', resourceType: 'TOPIC' };
    await admin.createAcls([
      { ...grant, resourceName: 'allowed', operation: 'READ' },
      { ...grant, resourceName: 'hidden', operation: 'DESCRIBE' },
      {
        ...grant,
        principal: `User:${clientPrincipal}`,
        resourceName: 'allowed',
        operation: 'READ',
      },
    ]);
  });

  const login = (mechanism: SaslOptions['mechanism'], password = user.password): KafkaOptions => ({
    bootstrapServers: [kafka().saslBootstrapServers],
    sasl: { mechanism, username: user.username, password },
    connectTimeoutMs: 3_000,
    requestTimeoutMs: 3_000,
    retryDeadlineMs: 10_000,
  });

  /** Runs `work` that must fail, and soon. */
  const soon = async (work: Promise<unknown>, expected: object): Promise<void> => {
    const started = performance.now();
    await expect(work).rejects.toMatchObject(expected);
    expect(performance.now() - started).toBeLessThan(5_000);
  };

  it.each(mechanisms)('logs in by %s', async (mechanism) => {
    await using client = await connectKafka(login(mechanism));
    expect((await client.topics(['allowed']))[0]?.name).toBe('allowed');
    expect((await client.describeCluster()).clusterId).toBe(kafka().clusterId);
  });

  it.each(mechanisms)('refuses a wrong password by %s at once', async (mechanism) => {
    await soon(connectKafka(login(mechanism, 'wrong')), {
      code: 'KOPS_ACCESS_DENIED',
      at: { broker: kafka().saslBootstrapServers },
      message: expect.stringContaining('SASL') as string,
    });
  });

  it('writes what the client library says to the given logger, at debug, and never a password', async () => {
    const lines: string[] = [];
    const loud = (line: string): void => void lines.push(`LOUD ${line}`);
    const logger: Logger = {
      debug: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`),
      info: loud,
      warn: loud,
      error: loud,
    };
    await soon(connectKafka({ ...login('plain', 'wrong-secret'), logger }), {
      code: 'KOPS_ACCESS_DENIED',
    });
    expect(lines.some((line) => line.startsWith('kafkajs: '))).toBe(true);
    expect(lines.filter((line) => line.startsWith('LOUD'))).toEqual([]);
    expect(lines.join('\n')).not.toContain('wrong-secret');
  });

  it('logs in again on the same connection before the session ends (KIP-368)', async () => {
    const lines: string[] = [];
    const ignore = (): void => undefined;
    const debug = (message: string): void => void lines.push(message);
    const logger: Logger = { debug, info: ignore, warn: ignore, error: ignore };
    await using client = await connectKafka({ ...login('scram-sha-256'), logger });
    const until = performance.now() + 14_000;
    while (performance.now() < until) {
      expect((await client.describeCluster()).clusterId).toBe(kafka().clusterId);
      await sleep(200);
    }
    expect(lines.filter((line) => line === 'kafkajs: Connecting')).toHaveLength(1);
    expect(
      lines.filter((line) => line.endsWith('authentication successful')).length,
    ).toBeGreaterThan(3);
  });

  it('says so when a login is needed, or none is understood', async () => {
    await soon(connectKafka({ ...login('plain'), sasl: undefined } as unknown as KafkaOptions), {
      code: 'KOPS_KAFKA_UNREACHABLE',
    });
    await soon(connectKafka({ ...login('plain'), bootstrapServers: [kafka().bootstrapServers] }), {
      code: 'KOPS_ACCESS_DENIED',
    });
  });

  it('speaks TLS with the authority and certificate given', async () => {
    const { ca, clientCertificate, clientKey } = kafka().certificates;
    const read = (path: string) => readFile(path, 'utf8');
    const tls = {
      ca: await read(ca),
      cert: await read(clientCertificate),
      key: await read(clientKey),
    };
    const bootstrapServers = [kafka().sslBootstrapServers];
    await using client = await connectKafka({ bootstrapServers, tls });
    expect((await client.describeCluster()).brokers).toHaveLength(1);
    await produceWithJava(kafka(), [
      { do: 'generate', topic: 'allowed', count: 3_000, valueBytes: 1_000, content: 'random' },
    ]);
    const file = await readFile(join(kafka().logDirOf(1), 'allowed-0', '00000000000000000000.log'));
    const topicId = (await client.topics(['allowed']))[0]?.id;
    const fetched = await drain(
      client,
      { topic: 'allowed', partition: 0, topicId },
      3_000n,
      1 << 20,
    );
    expect(fetched.length).toBeGreaterThan(3_000_000);
    expect(Buffer.compare(fetched, file)).toBe(0);
    await soon(connectKafka({ bootstrapServers, tls: true }), {
      code: 'KOPS_KAFKA_UNREACHABLE',
      message: expect.stringMatching(/TLS failed: .*certificate/) as string,
    });
    await soon(connectKafka({ bootstrapServers, tls: { ca: tls.ca } }), {
      code: 'KOPS_KAFKA_UNREACHABLE',
    });
    await soon(connectKafka({ bootstrapServers, tls: { ...tls, servername: 'other.example' } }), {
      message: expect.stringContaining('TLS failed') as string,
    });
    await soon(connectKafka({ bootstrapServers, connectTimeoutMs: 2_000 }), {
      code: expect.stringContaining('KOPS_KAFKA') as string,
    });
    await soon(
      connectKafka({ bootstrapServers: [kafka().bootstrapServers], tls, connectTimeoutMs: 2_000 }),
      {
        code: 'KOPS_KAFKA_UNREACHABLE',
      },
    );
  });

  it('says which right on what is missing, at once', async () => {
    await using client = await connectKafka(login('scram-sha-512'));
    const fetch = (topic: string, topicId: string | undefined) =>
      client.fetch({
        topic,
        partition: 0,
        topicId,
        offset: 0n,
        currentLeaderEpoch: -1,
        maxBytes: 1_000,
        maxWaitMs: 0,
      });
    const [allowed, hidden] = await client.topics(['allowed', 'hidden']);
    expect((await fetch('allowed', allowed?.id)).status).toBe('ok');
    await soon(fetch('hidden', hidden?.id), {
      code: 'KOPS_ACCESS_DENIED',
      message: expect.stringContaining("READ on topic 'hidden'") as string,
    });
    await soon(client.produce({ topic: 'allowed', partition: 0, batch: batchOf(['x']) }), {
      message: expect.stringContaining("WRITE on topic 'allowed'") as string,
    });
    await soon(client.committedOffsets('somebody'), {
      message: expect.stringContaining("DESCRIBE on group 'somebody'") as string,
    });
    await soon(client.topicConfigs(['allowed']), {
      message: expect.stringContaining("DESCRIBE_CONFIGS on topic 'allowed'") as string,
    });
    await soon(
      client.createTopics([{ name: 'new', partitions: 1, replicationFactor: 1, configs: {} }]),
      {
        code: 'KOPS_ACCESS_DENIED',
      },
    );
    await soon(client.alterTopicConfigs('allowed', { 'retention.ms': '1' }), {
      message: expect.stringContaining("ALTER_CONFIGS on topic 'allowed'") as string,
    });
    await soon(client.deleteTopics(['allowed']), {
      message: expect.stringContaining("DELETE on topic 'allowed'") as string,
    });
  });

  it('lists each address it tried and why, within the connect timeout of each', async () => {
    const bootstrapServers = ['127.0.0.1:1', 'no-such-host.invalid:9092', '[::1]:1'];
    await soon(connectKafka({ bootstrapServers, connectTimeoutMs: 1_000 }), {
      code: 'KOPS_KAFKA_UNREACHABLE',
      message: expect.stringMatching(
        /127\.0\.0\.1:1: .*ECONNREFUSED.*no-such-host\.invalid:9092: .*\[::1\]:1: /,
      ) as string,
    });
  });
});
