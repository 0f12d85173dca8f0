import { setTimeout as sleep } from 'node:timers/promises';
import { decodeRecords, splitBatches } from '@kops/record-batch';
import { sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectKafka, type KafkaClient } from '../src/index.ts';
import { batchOf } from './batches.ts';
import { drain, okOf } from './drain.ts';

describe('three brokers of which one goes away', () => {
  const kafka = sandboxKafka({ beforeAll, afterAll }, { brokers: 3 });
  let client: KafkaClient;
  let created = 0;
  let topic = '';

  beforeAll(async () => {
    client = await connectKafka({
      bootstrapServers: kafka().bootstrapServers.split(','),
      connectTimeoutMs: 2_000,
      requestTimeoutMs: 3_000,
      retryDeadlineMs: 60_000,
    });
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
  });

  const leaderOf = async (): Promise<number> =>
    (await client.topics([topic]))[0]!.partitions[0]!.leader;

  const create = async (): Promise<void> => {
    topic = `moving-${String(created++)}`;
    // The batches are of long ago: with real retention they would not stay.
    const configs = { 'min.insync.replicas': '1', 'retention.ms': '-1' };
    await client.createTopics([{ name: topic, partitions: 1, replicationFactor: 3, configs }]);
  };

  const produceNumbered = async (count: number, pauseMs: number): Promise<bigint[]> => {
    const identity = await client.initProducerId();
    const results: Promise<bigint>[] = [];
    for (let baseSequence = 0; baseSequence < count; baseSequence++) {
      const batch = batchOf([String(baseSequence)], { ...identity, baseSequence });
      results.push(
        client.produce({ topic, partition: 0, batch }).then(({ baseOffset }) => baseOffset),
      );
      await sleep(pauseMs);
    }
    return Promise.all(results);
  };

  const expectNumbered = async (count: number): Promise<void> => {
    const [end] = await client.listOffsets([{ topic, partition: 0 }], 'latest');
    expect(end).toBe(BigInt(count));
    const topicId = (await client.topics([topic]))[0]!.id;
    const bytes = await drain(client, { topic, partition: 0, topicId }, BigInt(count), 4_000);
    const values = [...splitBatches(bytes)].flatMap((batch) =>
      decodeRecords(batch).map(({ value }) => Number(Buffer.from(value!).toString())),
    );
    expect(values).toEqual(Array.from({ length: count }, (_, index) => index));
  };

  const numbers = (count: number): bigint[] =>
    Array.from({ length: count }, (_, index) => BigInt(index));

  const fetchFirst = async (): Promise<number> => {
    const topicId = (await client.topics([topic]))[0]!.id;
    const request = {
      topic,
      partition: 0,
      topicId,
      offset: 0n,
      currentLeaderEpoch: 0,
      maxBytes: 10_000,
      maxWaitMs: 0,
    };
    return okOf(await client.fetch(request)).bytes.length;
  };

  it('goes on with the next leader when one is killed, each batch once and in order', async () => {
    await create();
    const leader = await leaderOf();
    const produced = produceNumbered(100, 20);
    await sleep(500);
    await kafka().kill(leader);
    expect(await produced).toEqual(numbers(100));
    expect(await leaderOf()).not.toBe(leader);
    await expectNumbered(100);
    // The caller's epoch, 0, is that of the dead leader.
    expect(await fetchFirst()).toBeGreaterThan(0);
    await kafka().restart(leader);
  });

  it('goes on with the next leader when one is shut down', async () => {
    await create();
    const leader = await leaderOf();
    const produced = produceNumbered(100, 20);
    await sleep(500);
    await kafka().stop(leader);
    expect(await produced).toEqual(numbers(100));
    await expectNumbered(100);
    await kafka().restart(leader);
  });

  it('goes on when a broker keeps its connections and answers nothing', async () => {
    await create();
    const leader = await leaderOf();
    expect(await produceNumbered(5, 0)).toEqual(numbers(5));
    expect(await fetchFirst()).toBeGreaterThan(0);
    kafka().pause(leader);
    try {
      const started = performance.now();
      const [bytes, offsets, cluster] = await Promise.all([
        fetchFirst(),
        client.listOffsets([{ topic, partition: 0 }], 'latest'),
        client.describeCluster(),
      ]);
      expect(bytes).toBeGreaterThan(0);
      expect(offsets).toEqual([5n]);
      expect(cluster.clusterId).toBe(kafka().clusterId);
      expect(performance.now() - started).toBeLessThan(55_000);
    } finally {
      kafka().resume(leader);
    }
  });
});
