import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kafkaAdmin, openJavaProducer, produceWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectKafka, type KafkaClient } from '../src/index.ts';
import { drain, okOf } from './drain.ts';

const logSegment = '00000000000000000000.log';

describe('raw fetch from a broker', () => {
  const kafka = sandboxKafka({ beforeAll, afterAll });
  let client: KafkaClient;

  beforeAll(async () => {
    client = await connectKafka({
      bootstrapServers: [kafka().bootstrapServers],
      requestTimeoutMs: 5_000,
    });
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
  });

  const create = async (name: string, partitions = 1): Promise<string | undefined> => {
    await client.createTopics([{ name, partitions, replicationFactor: 1, configs: {} }]);
    return (await client.topics([name]))[0]?.id;
  };

  const fetchOnce = (topic: string, topicId: string | undefined, offset = 0n) =>
    client.fetch({
      topic,
      partition: 0,
      topicId,
      offset,
      currentLeaderEpoch: -1,
      maxBytes: 1 << 20,
      maxWaitMs: 0,
    });

  it('brings the bytes that lie in the log of the broker, whatever the piece size', async () => {
    const topicId = await create('verbatim', 2);
    await produceWithJava(
      kafka(),
      [
        {
          do: 'generate',
          topic: 'verbatim',
          count: 20_000,
          partitions: 2,
          valueBytes: 300,
          content: 'json',
        },
      ],
      { config: { 'compression.type': 'lz4', 'batch.size': '30000' } },
    );
    for (const partition of [0, 1]) {
      const file = await readFile(
        join(kafka().logDirOf(1), `verbatim-${String(partition)}`, logSegment),
      );
      const source = { topic: 'verbatim', partition, topicId };
      const [end = 0n] = await client.listOffsets([source], 'latest');
      expect(end).toBe(10_000n);
      for (const maxBytes of [1, 70_000, 4 << 20]) {
        const fetched = await drain(client, source, end, maxBytes);
        expect(Buffer.compare(fetched, file), `pieces of ${String(maxBytes)} bytes`).toBe(0);
      }
    }
  });

  it('knows topics by the ids that the broker gave them', async () => {
    const topicId = await create('identified', 3);
    const [state] = await kafkaAdmin(kafka()).describeTopics('identified');
    expect(topicId).toBe(Buffer.from(state!.topicId, 'base64url').toString('hex'));
    const [topic] = await client.topics(['identified']);
    expect(topic?.partitions).toEqual(
      [0, 1, 2].map((partition) => ({
        partition,
        leader: 1,
        leaderEpoch: 0,
        replicas: [1],
        isr: [1],
      })),
    );
    expect((await client.topics()).map(({ name }) => name)).toContain('identified');
    await expect(client.topics(['identified', 'nowhere'])).rejects.toMatchObject({
      code: 'KOPS_TOPIC_NOT_FOUND',
      at: { topic: 'nowhere' },
    });
  });

  it('lists offsets by each kind of question, in the order asked', async () => {
    await create('offsets', 2);
    const send = (partition: number, count: number, first: bigint) =>
      Array.from({ length: count }, (_, index) => ({
        do: 'send' as const,
        topic: 'offsets',
        partition,
        value: 'x',
        timestamp: first + BigInt(index),
      }));
    await produceWithJava(kafka(), [...send(0, 5, 1_000n), ...send(1, 9, 2_000n)]);
    const both = [1, 0].map((partition) => ({ topic: 'offsets', partition }));
    await kafkaAdmin(kafka()).deleteRecords([{ topic: 'offsets', partition: 0, offset: 2n }]);
    expect(await client.listOffsets(both, 'latest')).toEqual([9n, 5n]);
    expect(await client.listOffsets(both, 'earliest')).toEqual([0n, 2n]);
    expect(await client.listOffsets(both, { timestamp: 1_003n })).toEqual([0n, 3n]);
    expect(await client.listOffsets(both, { timestamp: 3_000n })).toEqual([-1n, -1n]);
    expect(await client.offsetForLeaderEpoch({ topic: 'offsets', partition: 1 }, 0)).toEqual({
      leaderEpoch: 0,
      endOffset: 9n,
    });
  });

  it('tells an open transaction by the last stable offset', async () => {
    const topicId = await create('open-transaction');
    const producer = await openJavaProducer(kafka(), { config: { 'transactional.id': 'open' } });
    await producer.run([
      { do: 'begin' },
      { do: 'send', topic: 'open-transaction', partition: 0, value: 'x' },
      { do: 'flush' },
    ]);
    const partition = [{ topic: 'open-transaction', partition: 0 }];
    expect(await client.listOffsets(partition, 'latest')).toEqual([1n]);
    expect(await client.listOffsets(partition, 'lastStable')).toEqual([0n]);
    const { highWatermark, lastStableOffset, logStart } = okOf(
      await fetchOnce('open-transaction', topicId),
    );
    expect({ highWatermark, lastStableOffset, logStart }).toEqual({
      highWatermark: 1n,
      lastStableOffset: 0n,
      logStart: 0n,
    });
    const committedOnly = {
      ...partition[0]!,
      topicId,
      offset: 0n,
      currentLeaderEpoch: -1,
      maxBytes: 1 << 20,
      maxWaitMs: 0,
      readCommitted: true,
    };
    expect(okOf(await client.fetch(committedOnly)).bytes.length).toBe(0);
    await producer.run([{ do: 'commit' }]);
    await producer[Symbol.asyncDispose]();
    // The transaction's end is answered before its marker is in the log.
    await expect.poll(() => client.listOffsets(partition, 'lastStable')).toEqual([2n]);
  });

  it('names aborted transactions to those who ask for committed records only', async () => {
    const topicId = await create('aborted');
    const producer = await openJavaProducer(kafka(), {
      config: { 'transactional.id': 'aborting' },
    });
    await producer.run([
      { do: 'begin' },
      { do: 'send', topic: 'aborted', partition: 0, value: 'x' },
      { do: 'flush' },
      { do: 'abort' },
    ]);
    await producer[Symbol.asyncDispose]();
    const at = { topic: 'aborted', partition: 0 };
    await expect.poll(() => client.listOffsets([at], 'lastStable')).toEqual([2n]);
    const request = {
      ...at,
      topicId,
      offset: 0n,
      currentLeaderEpoch: -1,
      maxBytes: 1 << 20,
      maxWaitMs: 0,
    };
    const committed = okOf(await client.fetch({ ...request, readCommitted: true }));
    const all = okOf(await client.fetch(request));
    expect(committed.abortedTransactions).toMatchObject([{ firstOffset: 0n }]);
    expect(all.abortedTransactions).toEqual([]);
    // The bytes are the same: leaving records out is the reader's part.
    expect(Buffer.from(committed.bytes).equals(all.bytes)).toBe(true);
  });

  it('says where the log lies when an offset is out of it', async () => {
    const topicId = await create('bounded');
    await produceWithJava(kafka(), [{ do: 'generate', topic: 'bounded', count: 10 }]);
    await kafkaAdmin(kafka()).deleteRecords([{ topic: 'bounded', partition: 0, offset: 4n }]);
    const expected = { status: 'offset-out-of-range', highWatermark: 10n, logStart: 4n };
    expect(await fetchOnce('bounded', topicId, 3n)).toEqual(expected);
    expect(await fetchOnce('bounded', topicId, 11n)).toEqual(expected);
    expect(await fetchOnce('bounded', topicId, 4n)).toMatchObject({ status: 'ok', logStart: 4n });
    expect(okOf(await fetchOnce('bounded', topicId, 10n)).bytes.length).toBe(0);
  });

  it('does not mix two lives of a topic that was recreated between two fetches', async () => {
    const firstId = await create('reborn');
    await produceWithJava(kafka(), [{ do: 'generate', topic: 'reborn', count: 10 }]);
    expect(okOf(await fetchOnce('reborn', firstId)).bytes.length).toBeGreaterThan(0);
    await kafkaAdmin(kafka()).deleteTopics('reborn');
    await kafkaAdmin(kafka()).createTopic({ topic: 'reborn' });
    await produceWithJava(kafka(), [{ do: 'generate', topic: 'reborn', count: 10 }]);
    expect(await fetchOnce('reborn', firstId)).toEqual({ status: 'topic-recreated' });
    const [topic] = await client.topics(['reborn']);
    expect(topic?.id).not.toBe(firstId);
    expect(await fetchOnce('reborn', firstId)).toEqual({ status: 'topic-recreated' });
    expect(okOf(await fetchOnce('reborn', topic?.id)).bytes.length).toBeGreaterThan(0);
  });

  it('says that a topic is gone, and not before it looked for a while', async () => {
    const topicId = await create('gone');
    expect((await fetchOnce('gone', topicId)).status).toBe('ok');
    await kafkaAdmin(kafka()).deleteTopics('gone');
    const started = performance.now();
    expect(await fetchOnce('gone', topicId)).toEqual({ status: 'topic-gone' });
    expect(performance.now() - started).toBeGreaterThan(2_900);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('waits for data at most as long as asked, and ends at once on abort', async () => {
    const topicId = await create('quiet');
    const request = {
      topic: 'quiet',
      partition: 0,
      topicId,
      offset: 0n,
      currentLeaderEpoch: 0,
      maxBytes: 1_000,
    };
    const started = performance.now();
    expect(okOf(await client.fetch({ ...request, maxWaitMs: 700 })).bytes.length).toBe(0);
    expect(performance.now() - started).toBeGreaterThan(650);
    const abort = new AbortController();
    const waiting = client.fetch({ ...request, maxWaitMs: 30_000, signal: abort.signal });
    setTimeout(() => {
      abort.abort();
    }, 100);
    const aborted = performance.now();
    await expect(waiting).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED' });
    expect(performance.now() - aborted).toBeLessThan(1_000);
    expect(okOf(await client.fetch({ ...request, maxWaitMs: 0 })).bytes.length).toBe(0);
  });

  it('serves short requests while every fetch connection waits', async () => {
    const topicId = await create('busy');
    const request = {
      topic: 'busy',
      partition: 0,
      topicId,
      offset: 0n,
      currentLeaderEpoch: 0,
      maxBytes: 1_000,
      maxWaitMs: 2_000,
    };
    const polls = Promise.all(Array.from({ length: 8 }, () => client.fetch(request)));
    const started = performance.now();
    expect(await client.listOffsets([request], 'latest')).toEqual([0n]);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect((await polls).map(({ status }) => status)).toEqual(
      Array.from({ length: 8 }, () => 'ok'),
    );
  });
});
