import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectKafka, type KafkaClient } from '../src/index.ts';
import { batchOf } from './batches.ts';
import { proxiedKafka } from './proxied-kafka.ts';
import type { TcpProxy } from './tcp-proxy.ts';

describe('produce to a broker', () => {
  const kafka = proxiedKafka({ beforeAll, afterAll });
  let proxy: TcpProxy;
  let client: KafkaClient;
  let created = 0;
  let topic = '';

  beforeEach(async () => {
    ({ proxy, client } = kafka());
    proxy.mode = 'forward';
    topic = `produced-${String(created++)}`;
    const configs = { 'retention.ms': '-1' };
    await client.createTopics([{ name: topic, partitions: 2, replicationFactor: 1, configs }]);
  });

  const valuesOf = (partition: number): Promise<string[]> => kafka().valuesOf(topic, partition);

  it('appends a batch and says where it is', async () => {
    const first = await client.produce({ topic, partition: 1, batch: batchOf(['a', 'b']) });
    expect(first).toEqual({ baseOffset: 0n, logAppendTime: -1n, logStart: 0n, duplicate: false });
    expect((await client.produce({ topic, partition: 1, batch: batchOf(['c']) })).baseOffset).toBe(
      2n,
    );
    expect(await valuesOf(1)).toEqual(['a', 'b', 'c']);
    expect(await valuesOf(0)).toEqual([]);
  });

  it('keeps the order of many calls that do not wait for each other', async () => {
    const identity = await client.initProducerId();
    const names = Array.from({ length: 200 }, (_, index) => `v${String(index)}`);
    const results = await Promise.all(
      names.map((name, baseSequence) =>
        client.produce({
          topic,
          partition: 0,
          batch: batchOf([name], { ...identity, baseSequence }),
        }),
      ),
    );
    expect(results.map(({ baseOffset }) => baseOffset)).toEqual(
      names.map((_, index) => BigInt(index)),
    );
    expect(await valuesOf(0)).toEqual(names);
  });

  it('appends once what is sent twice with one sequence', async () => {
    const identity = await client.initProducerId();
    const batch = batchOf(['once'], { ...identity, baseSequence: 0 });
    expect((await client.produce({ topic, partition: 0, batch })).baseOffset).toBe(0n);
    expect((await client.produce({ topic, partition: 0, batch })).baseOffset).toBe(0n);
    expect(await valuesOf(0)).toEqual(['once']);
    const other = batchOf(['twice'], { ...(await client.initProducerId()), baseSequence: 0 });
    expect((await client.produce({ topic, partition: 0, batch: other })).baseOffset).toBe(1n);
  });

  it('appends once, and in order, when answers are lost on the way', async () => {
    const identity = await client.initProducerId();
    const names = Array.from({ length: 60 }, (_, index) => `v${String(index)}`);
    const before = proxy.connections;
    const all = Promise.all(
      names.map((name, baseSequence) =>
        client.produce({
          topic,
          partition: 0,
          batch: batchOf([name], { ...identity, baseSequence }),
        }),
      ),
    );
    proxy.mode = 'cut';
    await sleep(300);
    proxy.mode = 'forward';
    const results = await all;
    expect(proxy.connections).toBeGreaterThan(before);
    expect(results.map(({ baseOffset }) => baseOffset)).toEqual(
      names.map((_, index) => BigInt(index)),
    );
    expect(await valuesOf(0)).toEqual(names);
  });

  it('appends once when the broker seems silent for longer than the request timeout', async () => {
    const identity = await client.initProducerId();
    proxy.mode = 'hold';
    const produced = client.produce({
      topic,
      partition: 0,
      batch: batchOf(['late'], { ...identity, baseSequence: 0 }),
    });
    await sleep(3_000);
    proxy.cutAll();
    proxy.mode = 'forward';
    expect((await produced).baseOffset).toBe(0n);
    expect(await valuesOf(0)).toEqual(['late']);
  });

  it('does not guess when the answer to a batch without producer id is lost', async () => {
    await client.produce({ topic, partition: 0, batch: batchOf(['warm']) });
    proxy.mode = 'cut';
    const produced = client.produce({ topic, partition: 0, batch: batchOf(['unknown']) });
    await expect(produced).rejects.toMatchObject({
      code: 'KOPS_KAFKA_PROTOCOL',
      at: { topic, partition: 0 },
    });
    proxy.mode = 'forward';
    expect(await valuesOf(0)).toEqual(['warm', 'unknown']);
  });

  it('names the error for what the broker will never take', async () => {
    const damaged = batchOf(['x']);
    damaged[damaged.length - 1]! ^= 1;
    const started = performance.now();
    await expect(client.produce({ topic, partition: 0, batch: damaged })).rejects.toMatchObject({
      code: 'KOPS_KAFKA_PROTOCOL',
      message: expect.stringContaining('CORRUPT_MESSAGE') as string,
    });
    const gap = batchOf(['x'], { ...(await client.initProducerId()), baseSequence: 7 });
    await client.produce({ topic, partition: 0, batch: gap });
    const skipping = batchOf(['y'], { producerId: 999_999n, producerEpoch: 0, baseSequence: 3 });
    await client.produce({ topic, partition: 1, batch: skipping });
    const after = batchOf(['z'], { producerId: 999_999n, producerEpoch: 0, baseSequence: 9 });
    await expect(client.produce({ topic, partition: 1, batch: after })).rejects.toMatchObject({
      message: expect.stringContaining('OUT_OF_ORDER_SEQUENCE_NUMBER') as string,
    });
    await expect(
      client.produce({ topic: 'nowhere', partition: 0, batch: batchOf(['x']) }),
    ).rejects.toMatchObject({
      code: 'KOPS_TOPIC_NOT_FOUND',
    });
    await expect(
      client.produce({ topic, partition: 0, batch: new Uint8Array(10) }),
    ).rejects.toMatchObject({
      code: 'KOPS_BATCH_CORRUPT',
    });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('ends a fetch against a broker that accepts and never answers', async () => {
    await using impatient = await connectKafka({
      bootstrapServers: [`127.0.0.1:${String(proxy.port)}`],
      connectTimeoutMs: 500,
      requestTimeoutMs: 700,
      retryDeadlineMs: 3_000,
    });
    const request = {
      topic,
      partition: 0,
      topicId: undefined,
      offset: 0n,
      currentLeaderEpoch: -1,
      maxBytes: 1_000,
      maxWaitMs: 0,
    };
    expect((await impatient.fetch(request)).status).toBe('ok');
    proxy.mode = 'hold';
    const started = performance.now();
    await expect(impatient.fetch(request)).rejects.toMatchObject({
      code: 'KOPS_KAFKA_UNREACHABLE',
    });
    expect(performance.now() - started).toBeLessThan(8_000);
    proxy.cutAll();
    proxy.mode = 'forward';
    expect((await impatient.fetch(request)).status).toBe('ok');
  });
});
