import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { runKafkaTool } from '@kops/kafka-dist';
import {
  kafkaAdmin,
  openJavaProducer,
  produceWithJava,
  sandboxKafka,
  sendAll,
  type ProduceStep,
} from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  archivedBytes,
  archivedRecords,
  assertShowsTopics,
  brokerBytes,
  leftoversIn,
  openArchiveIn,
} from './archive-content.ts';
import { backUp, eventually, startBackup } from './run-backup.ts';
import { Station } from './station.ts';

const sandbox = sandboxKafka(
  { beforeAll, afterAll },
  { config: { 'log.cleaner.backoff.ms': '200' } },
);

let folder: string;
let station: Station;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-content-'));
  station = await Station.open({
    bootstrapServers: sandbox().bootstrapServers,
    repositories: [folder],
    segmentBytes: 256 * 1024,
  });
});
afterEach(async () => {
  await station[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const values = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${String(index)}`);

async function produceMixed(): Promise<string[]> {
  const kafka = sandbox();
  const admin = kafkaAdmin(kafka);
  await admin.createTopic({
    topic: 'mixed',
    partitions: 3,
    configs: { 'max.message.bytes': '3000000' },
  });
  await admin.createTopic({
    topic: 'stamped',
    configs: { 'message.timestamp.type': 'LogAppendTime' },
  });
  await admin.createTopic({ topic: 'traded', partitions: 2 });
  await admin.createTopic({ topic: 'empty', partitions: 2 });
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await produceWithJava(
      kafka,
      [
        {
          do: 'generate',
          topic: 'mixed',
          count: 900,
          partitions: 3,
          valueBytes: 400,
          firstTimestamp: 946_684_800_000n,
        },
        { do: 'generate', topic: 'stamped', count: 300, valueBytes: 200 },
      ],
      { config: { 'compression.type': codec } },
    );
  }
  const odd: ProduceStep[] = [
    { do: 'send', topic: 'mixed', partition: 0, key: null, value: null, headers: [] },
    {
      do: 'send',
      topic: 'mixed',
      partition: 0,
      key: '',
      value: '',
      timestamp: 0n,
      headers: [
        ['a', '1'],
        ['a', null],
        ['ü', ''],
      ],
    },
    { do: 'send', topic: 'mixed', partition: 1, key: 'gone', value: null },
    { do: 'send', topic: 'mixed', partition: 2, key: 'big', value: Buffer.alloc(2_000_000, 'x') },
  ];
  await produceWithJava(kafka, odd, { config: { 'max.request.size': '4000000' } });
  await using trader = await openJavaProducer(kafka, { config: { 'transactional.id': 'trader' } });
  for (const end of ['commit', 'abort', 'commit'] as const) {
    await trader.run([
      { do: 'begin' },
      { do: 'generate', topic: 'traded', count: 50, partitions: 2, valueBytes: 50 },
      { do: end },
    ]);
  }
  return ['mixed', 'stamped', 'traded'];
}

describe('a backup of one broker', () => {
  it('holds what the broker holds, byte for byte, and nothing else', async () => {
    const kafka = sandbox();
    const topics = await produceMixed();
    await station.startAgent();
    const archive = await backUp(station.operator, [...topics, 'empty']);
    expect(archive).toMatchObject({ topics: 4, partitions: 8, losses: 0 });

    expect(await assertShowsTopics(folder, kafka, topics)).toBe(900 * 5 + 300 * 5 + 4 + 100);
    // What transactions aborted is there too, though nobody who reads committed sees it.
    expect(await assertShowsTopics(folder, kafka, topics, 'read_uncommitted')).toBe(6154);
    for (const [topic, count] of [
      ['mixed', 3],
      ['stamped', 1],
      ['traded', 2],
      ['empty', 2],
    ] as const) {
      for (let partition = 0; partition < count; partition++) {
        const stored = await archivedBytes(folder, topic, partition);
        expect(stored.equals(await brokerBytes(kafka, topic, partition))).toBe(true);
      }
    }
    expect(await leftoversIn(folder)).toEqual([]);
    await expectKafkaReadsSegments();

    const again = await backUp(station.operator, [...topics, 'empty']);
    expect(again).toMatchObject({ newSegments: 0, newBytes: 0n, records: archive.records });
    await produceWithJava(kafka, sendAll({ topic: 'mixed', partition: 1 }, values('more', 20)));
    const more = await backUp(station.operator, [...topics, 'empty']);
    expect(more.records).toBe(archive.records + 20n);
    expect(more.newSegments).toBe(1);
    expect(more.newBytes).toBeLessThan(2_000n);
    await assertShowsTopics(folder, kafka, topics);
    expect(await leftoversIn(folder)).toEqual([]);
  });

  /** Kafka's own tool reads each segment of one partition. */
  async function expectKafkaReadsSegments(): Promise<void> {
    const archive = await openArchiveIn(folder);
    const { segments } = await archive.segments({ topic: 'traded', partition: 0 });
    expect(segments.length).toBeGreaterThan(0);
    for (const { key, records } of segments) {
      // Next to the segment the tool would look for indexes.
      const copy = join(await mkdtemp(join(tmpdir(), 'kops-dump-')), basename(key));
      await copyFile(join(folder, key), copy);
      const { exitCode, stdout } = await runKafkaTool(
        sandbox().jars,
        'kafka.tools.DumpLogSegments',
        ['--deep-iteration', '--files', copy],
      );
      expect(exitCode).toBe(0);
      expect(stdout.match(/\| offset: /g)?.length).toBe(records);
      expect(stdout).not.toMatch(/isvalid: false|Found|corrupt/i);
    }
  }

  it('stores batches larger than a frame and than the memory that all streams share', async () => {
    const kafka = sandbox();
    await kafkaAdmin(kafka).createTopic({
      topic: 'huge',
      partitions: 12,
      configs: { 'max.message.bytes': '9000000' },
    });
    await using producer = await openJavaProducer(kafka, {
      config: { 'max.request.size': '9000000', 'buffer.memory': '20000000' },
    });
    for (let partition = 0; partition < 12; partition++) {
      const value = Buffer.alloc(8_000_000, String(partition));
      await producer.run([{ do: 'send', topic: 'huge', partition, value }]);
    }
    await station.startAgent();
    expect(await backUp(station.operator, ['huge'])).toMatchObject({ records: 12n });
    for (const partition of [0, 5, 11]) {
      const stored = await archivedBytes(folder, 'huge', partition);
      expect(stored.equals(await brokerBytes(kafka, 'huge', partition))).toBe(true);
    }
  });
});

describe('what happens to topics between two backups', () => {
  it('begins a topic anew that was deleted and created again', async () => {
    const kafka = sandbox();
    const admin = kafkaAdmin(kafka);
    await admin.createTopic({ topic: 'reborn' });
    await produceWithJava(kafka, sendAll({ topic: 'reborn', partition: 0 }, values('old', 30)));
    await station.startAgent();
    const first = await backUp(station.operator, ['reborn']);
    await admin.deleteTopics('reborn');
    await eventually(
      () => admin.listTopics(),
      (names) => !names.includes('reborn'),
    );
    await admin.createTopic({ topic: 'reborn' });
    await produceWithJava(kafka, sendAll({ topic: 'reborn', partition: 0 }, values('new', 40)));

    const { started, done } = await startBackup(station.operator, ['reborn']);
    expect(started.partitions).toMatchObject([{ mode: 'baseline', resumeOffset: 0n }]);
    expect(started.partitions[0]?.reason).toContain('topic-recreated');
    await done;
    expect(await assertShowsTopics(folder, kafka, ['reborn'])).toBe(40);
    const before = await openArchiveIn(folder, first.archive);
    const after = await openArchiveIn(folder);
    const old = await archivedRecords(before, ['reborn']);
    expect(old.map(({ value }) => Buffer.from(value ?? '', 'base64').toString())).toEqual(
      values('old', 30),
    );
    expect(after.manifest.topics[0]?.topicId).not.toBe(before.manifest.topics[0]?.topicId);
  });

  it('moves the log start, and begins anew where it has passed what is archived', async () => {
    const kafka = sandbox();
    const admin = kafkaAdmin(kafka);
    await admin.createTopic({ topic: 'trimmed' });
    const at = { topic: 'trimmed', partition: 0 };
    await produceWithJava(kafka, sendAll(at, values('a', 100)));
    await station.startAgent();
    await backUp(station.operator, ['trimmed']);
    await admin.deleteRecords([{ ...at, offset: 37n }]);
    await produceWithJava(kafka, sendAll(at, values('b', 50)));
    const extended = await backUp(station.operator, ['trimmed']);
    expect(extended).toMatchObject({ records: 113n, newSegments: 1, losses: 0 });
    expect(await assertShowsTopics(folder, kafka, ['trimmed'])).toBe(113);

    await produceWithJava(kafka, sendAll(at, values('c', 50)));
    await admin.deleteRecords([{ ...at, offset: 170n }]);
    const { started, done } = await startBackup(station.operator, ['trimmed']);
    expect(started.partitions[0]).toMatchObject({ mode: 'baseline', resumeOffset: 170n });
    expect(started.partitions[0]?.reason).toContain('log-start-passed');
    const [archive] = await done;
    // What the first two hold ends at 150.
    expect(archive).toMatchObject({ losses: 1 });
    const [partition] = (await openArchiveIn(folder)).manifest.topics[0]?.partitions ?? [];
    expect(partition).toMatchObject({
      logStart: 170n,
      losses: [{ from: 150n, to: 170n, reason: 'retention' }],
      holes: { offsets: 0n },
    });
    expect(await assertShowsTopics(folder, kafka, ['trimmed'])).toBe(30);
    expect(await backUp(station.operator, ['trimmed'])).toMatchObject({ losses: 0 });
    expect(await leftoversIn(folder)).toEqual([]);
  });

  it('does not bring back a key that was deleted and compacted away meanwhile', async () => {
    const kafka = sandbox();
    const admin = kafkaAdmin(kafka);
    await admin.createTopic({
      topic: 'compacted',
      configs: {
        'cleanup.policy': 'compact',
        'segment.ms': '300',
        'min.cleanable.dirty.ratio': '0.01',
        'delete.retention.ms': '100',
        'max.compaction.lag.ms': '1000',
      },
    });
    const at = { topic: 'compacted', partition: 0 } as const;
    const send = (key: string, value: string | null): ProduceStep => ({
      do: 'send',
      ...at,
      key,
      value,
    });
    await produceWithJava(kafka, [send('kept', '1'), send('doomed', 'secret'), send('kept', '2')]);
    await station.startAgent();
    await backUp(station.operator, ['compacted']);
    await produceWithJava(kafka, [send('doomed', null)]);
    // Rolls the segment, so that the cleaner may take what is in it, until the tombstone is gone as well.
    const keysLeft = async (): Promise<string[]> => {
      await produceWithJava(kafka, [send('filler', 'x')]);
      const bytes = await brokerBytes(kafka, 'compacted', 0);
      return ['kept', 'doomed'].filter((key) => bytes.includes(key));
    };
    await eventually(keysLeft, (keys) => !keys.includes('doomed'), 90_000);

    const { started, done } = await startBackup(station.operator, ['compacted']);
    expect(started.partitions[0]?.reason).toContain('tombstones-may-be-gone');
    await done;
    const keys = (await archivedRecords(await openArchiveIn(folder), ['compacted'])).map((record) =>
      Buffer.from(record.key ?? '', 'base64').toString(),
    );
    expect(keys).toContain('kept');
    expect(keys).not.toContain('doomed');
    const [partition] = (await openArchiveIn(folder)).manifest.topics[0]?.partitions ?? [];
    expect(partition?.baseline).toBe(true);
    expect(partition?.holes?.offsets).toBeGreaterThan(0n);
  });
});

describe('log starts that move during a backup', () => {
  async function prepare(topic: string, count: number): Promise<void> {
    await kafkaAdmin(sandbox()).createTopic({ topic });
    await produceWithJava(sandbox(), sendAll({ topic, partition: 0 }, values('v', count)));
  }

  it('tells of what was lost in front of the archived watermark', async () => {
    await prepare('overtaken', 100);
    const agent = await station.startAgent();
    await backUp(station.operator, ['overtaken']);
    await agent.kill();
    await produceWithJava(
      sandbox(),
      sendAll({ topic: 'overtaken', partition: 0 }, values('w', 100)),
    );
    // Planned, with nobody to carry it: the log start moves before the first fetch.
    const { done } = await startBackup(station.operator, ['overtaken']);
    await kafkaAdmin(sandbox()).deleteRecords([{ topic: 'overtaken', partition: 0, offset: 150n }]);
    await station.startAgent();
    const [archive] = await done;
    expect(archive).toMatchObject({ losses: 1, records: 150n });
    const { manifest } = await openArchiveIn(folder);
    expect(manifest.topics[0]?.partitions[0]).toMatchObject({
      cut: 200n,
      losses: [{ from: 100n, to: 150n, reason: 'retention' }],
      holes: { offsets: 0n },
    });
    const offsets = (await archivedRecords(await openArchiveIn(folder), ['overtaken'])).map(
      (record) => record.offset,
    );
    expect(offsets).toEqual(
      [...Array(100).keys(), ...Array(50).keys()].map((index, at) =>
        BigInt(at < 100 ? index : index + 150),
      ),
    );
  });

  it.each([
    { end: 60n, shown: 40 },
    { end: 110n, shown: 0 },
  ])('begins a baseline at the new log start $end', async ({ end, shown }) => {
    const topic = `moved-${String(end)}`;
    await prepare(topic, 100);
    const { started, done } = await startBackup(station.operator, [topic]);
    expect(started.partitions[0]).toMatchObject({ logStart: 0n, cut: 100n });
    await produceWithJava(sandbox(), sendAll({ topic, partition: 0 }, values('later', 20)));
    await kafkaAdmin(sandbox()).deleteRecords([{ topic, partition: 0, offset: end }]);
    await station.startAgent();
    await done;
    const archive = await openArchiveIn(folder);
    expect(await archivedRecords(archive, [topic])).toHaveLength(shown);
    const [partition] = archive.manifest.topics[0]?.partitions ?? [];
    expect(partition).toMatchObject({ losses: [], cut: 100n, logStart: end < 100n ? end : 100n });
    expect(partition?.holes).toEqual({ offsets: 0n });
  });
});
