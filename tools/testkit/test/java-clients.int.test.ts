import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  assertSameRecords,
  compareRecords,
  kafkaAdmin,
  nextRecordsWithJava,
  openJavaProducer,
  produceWithJava,
  readWithJava,
  sandboxKafka,
  streamWithJava,
  toBase64,
} from '../src/index.ts';

const kafka = sandboxKafka({ beforeAll, afterAll });

describe('records through the Java client', () => {
  it('come back with every field: nulls, empty bytes, duplicate headers, timestamps', async () => {
    const admin = kafkaAdmin(kafka());
    await admin.createTopic({ topic: 'fields', partitions: 2 });
    const bytes = Uint8Array.from([0, 255, 10, 13, 128]);
    const placed = await produceWithJava(kafka(), [
      {
        do: 'send',
        topic: 'fields',
        partition: 1,
        key: 'schlüssel',
        value: bytes,
        headers: [
          ['a', 'one'],
          ['a', null],
          ['', bytes],
          ['a', ''],
        ],
        timestamp: 1_700_000_000_123n,
      },
      { do: 'send', topic: 'fields', partition: 1, key: null, value: null, timestamp: 0n },
      { do: 'send', topic: 'fields', partition: 0, key: '', value: '', timestamp: 5n },
    ]);
    expect(placed).toEqual([
      { topic: 'fields', partition: 1, offset: 0n },
      { topic: 'fields', partition: 1, offset: 1n },
      { topic: 'fields', partition: 0, offset: 0n },
    ]);
    const common = { topic: 'fields', timestampType: 'CreateTime', leaderEpoch: 0 };
    expect(await readWithJava(kafka(), { topics: ['fields'] })).toEqual([
      { ...common, partition: 0, offset: 0n, timestamp: 5n, key: '', value: '', headers: [] },
      {
        ...common,
        partition: 1,
        offset: 0n,
        timestamp: 1_700_000_000_123n,
        key: toBase64('schlüssel'),
        value: toBase64(bytes),
        headers: [
          ['a', toBase64('one')],
          ['a', null],
          ['', toBase64(bytes)],
          ['a', ''],
        ],
      },
      { ...common, partition: 1, offset: 1n, timestamp: 0n, key: null, value: null, headers: [] },
    ]);
  });

  it('generates the same records from the same seed, by the hundred thousand, in every codec', async () => {
    const admin = kafkaAdmin(kafka());
    const topics = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
    for (const codec of topics) {
      await admin.createTopic({ topic: codec, partitions: 3 });
      const count = codec === 'zstd' ? 100_000 : 2_000;
      await produceWithJava(
        kafka(),
        [
          {
            do: 'generate',
            topic: codec,
            count,
            partitions: 3,
            seed: 7,
            firstTimestamp: 1_700_000_000_000n,
          },
        ],
        { config: { 'compression.type': codec } },
      );
    }
    const records = await readWithJava(kafka(), { topics });
    expect(records).toHaveLength(108_000);
    const of = (topic: string): typeof records =>
      records
        .filter((r) => r.topic === topic && r.offset < 600n)
        .map((r) => ({ ...r, topic: 'any' }));
    for (const codec of topics.slice(1))
      expect(assertSameRecords(of('none'), of(codec))).toBe(1_800);
    const changed = of('zstd').map((r, index) =>
      index === 1_000 ? { ...r, value: toBase64('x') } : r,
    );
    expect(compareRecords(of('none'), changed).difference).toMatch(
      /^any-1, record 400, expected offset 400: value: /,
    );
  });

  it('reads a window of offsets and stops early when told to', async () => {
    const window = await readWithJava(kafka(), {
      topics: ['none'],
      from: [{ topic: 'none', partition: 0, offset: 10n }],
      to: [
        { topic: 'none', partition: 0, offset: 13n },
        { topic: 'none', partition: 1, offset: 0n },
        { topic: 'none', partition: 2, offset: 1n },
      ],
    });
    expect(window.map((r) => [r.partition, r.offset])).toEqual([
      [0, 10n],
      [0, 11n],
      [0, 12n],
      [2, 0n],
    ]);
    for await (const record of streamWithJava(kafka(), { topics: ['zstd'] })) {
      expect(record.topic).toBe('zstd');
      break;
    }
    expect(await kafkaAdmin(kafka()).listTopics()).toContain('zstd');
  });

  it('fails with what the client says for a topic that is not there', async () => {
    await expect(readWithJava(kafka(), { topics: ['absent'] })).rejects.toMatchObject({
      code: 'KOPS_KAFKA_PROTOCOL',
      message: expect.stringContaining('absent') as string,
    });
  });
});

describe('transactions through the Java client', () => {
  it('hide aborted and open ones from read_committed, and an abandoned one holds the last stable offset', async () => {
    const topic = 'transactions';
    await kafkaAdmin(kafka()).createTopic({ topic });
    const values = async (
      isolation: 'read_committed' | 'read_uncommitted',
    ): Promise<(string | null)[]> =>
      (await readWithJava(kafka(), { topics: [topic], isolation })).map((r) => r.value);
    const send = (value: string) => ({ do: 'send', topic, value }) as const;
    const producer = await openJavaProducer(kafka(), { config: { 'transactional.id': 'first' } });
    await producer.run([
      { do: 'begin' },
      send('kept'),
      { do: 'commit' },
      { do: 'begin' },
      send('dropped'),
      { do: 'abort' },
      { do: 'begin' },
      send('open'),
    ]);
    expect(await values('read_committed')).toEqual([toBase64('kept')]);
    expect(await values('read_uncommitted')).toEqual(
      ['kept', 'dropped', 'open'].map((text) => toBase64(text)),
    );
    await producer.abandon();
    await produceWithJava(kafka(), [send('after')]);
    const committed = await kafkaAdmin(kafka()).listOffsets([topic], 'read_committed');
    const all = await kafkaAdmin(kafka()).listOffsets([topic]);
    expect(committed).toEqual([{ topic, partition: 0, start: 0n, end: 4n }]);
    expect(all).toEqual([{ topic, partition: 0, start: 0n, end: 6n }]);
  });
});

describe('groups and topics through the Java admin client', () => {
  it('tells which record a group reads next in each partition', async () => {
    const topic = 'next';
    const admin = kafkaAdmin(kafka());
    await admin.createTopic({ topic, partitions: 3 });
    await produceWithJava(kafka(), [
      { do: 'send', topic, partition: 0, value: 'a' },
      { do: 'send', topic, partition: 0, value: 'b' },
      { do: 'send', topic, partition: 1, value: 'c' },
    ]);
    await admin.commitOffsets('group', [
      { topic, partition: 0, offset: 1n, metadata: 'note', leaderEpoch: 0 },
      { topic, partition: 1, offset: 1n },
    ]);
    const next = await nextRecordsWithJava(kafka(), 'group', [topic]);
    expect(next.map((row) => [row.partition, row.committed, row.record?.value])).toEqual([
      [0, 1n, toBase64('b')],
      [1, 1n, undefined],
      [2, null, undefined],
    ]);
    expect(await admin.listGroups()).toContain('group');
    expect(await admin.listGroupOffsets('group')).toEqual([
      { topic, partition: 0, offset: 1n, metadata: 'note', leaderEpoch: 0 },
      { topic, partition: 1, offset: 1n, metadata: '', leaderEpoch: null },
    ]);
  });

  it('refuses a committed offset that lies outside of the log', async () => {
    const admin = kafkaAdmin(kafka());
    await admin.deleteRecords([{ topic: 'next', partition: 0, offset: 2n }]);
    await admin.commitOffsets('outside', [{ topic: 'next', partition: 0, offset: 0n }]);
    await produceWithJava(kafka(), [{ do: 'send', topic: 'next', partition: 0, value: 'd' }]);
    await expect(nextRecordsWithJava(kafka(), 'outside', ['next'])).rejects.toThrow(/OutOfRange/);
  });

  it('creates, configures, grows and deletes topics', async () => {
    const admin = kafkaAdmin(kafka());
    const topic = 'configured';
    const topicId = await admin.createTopic({ topic, configs: { 'cleanup.policy': 'compact' } });
    await admin.alterTopicConfig(topic, { 'retention.ms': '1000', 'cleanup.policy': null });
    expect(await admin.listTopicConfig(topic)).toEqual({ 'retention.ms': '1000' });
    expect((await admin.listTopicConfig(topic, { all: true }))['cleanup.policy']).toBe('delete');
    await admin.addPartitions(topic, 2);
    const broker = { leader: 1, replicas: [1], isr: [1] };
    expect(await admin.describeTopics(topic)).toEqual([
      {
        topic,
        topicId,
        partitions: [
          { partition: 0, ...broker },
          { partition: 1, ...broker },
        ],
      },
    ]);
    await admin.deleteTopics(topic);
    expect(await admin.listTopics()).not.toContain(topic);
    const recreated = await admin.createTopic({ topic });
    expect(recreated).not.toBe(topicId);
  });
});
