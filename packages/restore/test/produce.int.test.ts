import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectKafka, type KafkaClient } from '@kops/kafka';
import { spawnKafkaTool } from '@kops/kafka-dist';
import type { Archive } from '@kops/repository';
import {
  assertSameRecords,
  compareRecords,
  kafkaAdmin,
  nextRecordsWithJava,
  openJavaProducer,
  produceWithJava,
  readWithJava,
  readWithKcat,
  sandboxKafka,
  sendAll,
  type ProduceStep,
} from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreExitCode, type RestoreResult } from '../src/index.ts';
import { archiveOf } from './archive-fixture.ts';
import { captureTopics } from './capture-topics.ts';
import { contentWithoutOffset, eventually, renamed, restoreTo } from './real-restore.ts';

const sandbox = sandboxKafka(
  { beforeAll, afterAll },
  { config: { 'log.cleaner.backoff.ms': '200' } },
);
const topics = ['plain', 'traded', 'stamped', 'compacted', 'trimmed'];
const renames = Object.fromEntries(topics.map((topic) => [topic, `r-${topic}`]));

let folder: string;
let client: KafkaClient;
let archive: Archive;
let result: RestoreResult;

const values = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${String(index)}`);

async function producePlain(): Promise<void> {
  const kafka = sandbox();
  await kafkaAdmin(kafka).createTopic({
    topic: 'plain',
    partitions: 3,
    configs: { 'retention.ms': '-1', 'max.message.bytes': '3000000' },
  });
  for (const codec of ['zstd', 'gzip', 'snappy', 'lz4', 'none']) {
    await produceWithJava(
      kafka,
      [
        {
          do: 'generate',
          topic: 'plain',
          count: 1500,
          partitions: 3,
          valueBytes: 300,
          keys: 50,
          firstTimestamp: 946_684_800_000n,
        },
      ],
      {
        config: { 'compression.type': codec },
      },
    );
  }
  const odd: ProduceStep[] = [
    { do: 'send', topic: 'plain', partition: 0, key: null, value: null, headers: [] },
    {
      do: 'send',
      topic: 'plain',
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
    { do: 'send', topic: 'plain', partition: 0, key: 'big', value: Buffer.alloc(2_000_000, 'x') },
  ];
  await produceWithJava(kafka, odd, { config: { 'max.request.size': '4000000' } });
}

async function produceTransactions(): Promise<void> {
  const kafka = sandbox();
  await kafkaAdmin(kafka).createTopic({ topic: 'traded' });
  const to = { topic: 'traded', partition: 0 };
  await using a = await openJavaProducer(kafka, { config: { 'transactional.id': 'a' } });
  await using b = await openJavaProducer(kafka, { config: { 'transactional.id': 'b' } });
  for (let round = 0; round < 10; round++) {
    await a.run([{ do: 'begin' }, ...sendAll(to, values(`a${String(round)}`, 5))]);
    await b.run([{ do: 'begin' }, ...sendAll(to, values(`b${String(round)}`, 3))]);
    await a.run([
      ...sendAll(to, values(`a${String(round)} more`, 2)),
      { do: round % 3 === 0 ? 'abort' : 'commit' },
    ]);
    await b.run([{ do: round % 2 === 0 ? 'commit' : 'abort' }]);
    await produceWithJava(kafka, sendAll(to, values(`plain${String(round)}`, 4)));
  }
}

async function produceCompacted(): Promise<void> {
  const kafka = sandbox();
  const admin = kafkaAdmin(kafka);
  const configs = {
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.01',
    'max.compaction.lag.ms': '200',
  };
  await admin.createTopic({ topic: 'compacted', configs });
  for (let round = 0; round < 8; round++) {
    // A segment rolls with the first append after its longest compaction lag.
    await sleep(250);
    const steps: ProduceStep[] = values('v', 60).map((value, index) => ({
      do: 'send',
      topic: 'compacted',
      partition: 0,
      key: `k${String((index * 7 + round) % 100)}`,
      value: index % 9 === 0 ? null : `${value} round ${String(round)} ${'.'.repeat(100)}`,
    }));
    await produceWithJava(kafka, steps, {
      config: { 'compression.type': round % 2 === 0 ? 'lz4' : 'none', 'linger.ms': '50' },
    });
  }
  await eventually(
    async () => await readWithJava(kafka, { topics: ['compacted'] }),
    (records) => records.length < 300,
  );
  // Compaction must not go on while the topic is captured and compared.
  await admin.alterTopicConfig('compacted', {
    'min.cleanable.dirty.ratio': '1.0',
    'max.compaction.lag.ms': null,
    'min.compaction.lag.ms': '86400000',
  });
}

async function produceOthers(): Promise<void> {
  const kafka = sandbox();
  const admin = kafkaAdmin(kafka);
  await admin.createTopic({
    topic: 'stamped',
    partitions: 2,
    configs: { 'message.timestamp.type': 'LogAppendTime' },
  });
  await produceWithJava(kafka, [{ do: 'generate', topic: 'stamped', count: 400, partitions: 2 }], {
    config: { 'compression.type': 'snappy' },
  });
  await admin.createTopic({ topic: 'trimmed', configs: { 'retention.ms': '3600000' } });
  await produceWithJava(kafka, [{ do: 'generate', topic: 'trimmed', count: 500, partitions: 1 }]);
  await admin.deleteRecords([{ topic: 'trimmed', partition: 0, offset: 123n }]);
}

async function commitGroups(): Promise<void> {
  const admin = kafkaAdmin(sandbox());
  const ranges = await admin.listOffsets(topics);
  for (const [group, share] of [
    ['early', 5n],
    ['middle', 50n],
    ['late', 100n],
  ] as const) {
    const offsets = ranges.map(({ topic, partition, start, end }) => ({
      topic,
      partition,
      offset: start + ((end - start) * share) / 100n,
      metadata: `${group} mark`,
    }));
    await admin.commitOffsets(group, offsets);
  }
}

async function groupManifests() {
  return await Promise.all(
    ['early', 'middle', 'late'].map(async (group) => ({
      group,
      state: 'Empty',
      protocolType: 'consumer',
      offsets: (await client.committedOffsets(group)).map((offset) => ({
        ...offset,
        leaderEpoch: 17,
      })),
    })),
  );
}

describe('a restore of what a real broker stored', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-restore-int-'));
    client = await connectKafka({ bootstrapServers: sandbox().bootstrapServers.split(',') });
    await producePlain();
    await produceTransactions();
    await produceCompacted();
    await produceOthers();
    await commitGroups();
    archive = await archiveOf(await captureTopics(client, topics), {
      groups: await groupManifests(),
    });
    result = await restoreTo(client, archive, join(folder, 'state.json'), { renames });
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const target = (topic: string) =>
    result.topics.find(({ source }) => source === topic)?.partitions ?? [];

  it('gives every consumer the same records, at the same offsets where the log had no holes', async () => {
    const source = renamed(await readWithJava(sandbox(), { topics: ['plain'] }), 'r-');
    const restored = await readWithJava(sandbox(), { topics: ['r-plain'] });
    expect(assertSameRecords(source, restored)).toBe(7503);
    expect(
      target('plain').map(({ strategy, reencodedBatches }) => [strategy, reencodedBatches]),
    ).toEqual(Array.from({ length: 3 }, () => ['exact', 0]));
    // Negative control: one record less is a difference.
    expect(compareRecords(source, restored.slice(1)).equal).toBe(false);
  });

  it('keeps the compressed bytes of whole batches', async () => {
    const payloads = async (topic: string) =>
      (await captureTopics(client, [topic])).flatMap(({ partitions }) =>
        partitions.map(({ batches }) =>
          batches.map((bytes) => Buffer.from(bytes.subarray(61)).toString('base64')),
        ),
      );
    expect(await payloads('r-plain')).toEqual(await payloads('plain'));
  });

  it.each(['traded', 'compacted', 'trimmed'])(
    'keeps all committed records of %s in order, offsets mapped',
    async (topic) => {
      const isolation = 'read_committed';
      const source = renamed(await readWithJava(sandbox(), { topics: [topic], isolation }), 'r-');
      const restored = await readWithJava(sandbox(), {
        topics: [`r-${topic}`],
        isolation: 'read_uncommitted',
      });
      expect(assertSameRecords(source, restored, { fields: contentWithoutOffset })).toBe(
        source.length,
      );
      expect(restored.map(({ offset }) => offset)).toEqual(source.map((_, index) => BigInt(index)));
      expect(target(topic)[0]).toMatchObject({ strategy: 'mapped', records: source.length });
    },
  );

  it('meets holes inside batches, between them and below the log start', () => {
    // Else the comparisons above prove less than they say.
    const [compacted] = target('compacted');
    expect(compacted?.reencodedBatches).toBeGreaterThan(0);
    expect(compacted?.targetEnd).toBeLessThan(compacted?.sourceEnd ?? 0n);
    expect(target('trimmed')[0]?.sourceStart).toBe(123n);
    expect(target('traded')[0]?.leftOut.aborted).toBeGreaterThan(0);
  });

  it('keeps the times of a LogAppendTime topic, and sets its config last', async () => {
    const source = renamed(await readWithJava(sandbox(), { topics: ['stamped'] }), 'r-');
    const restored = await readWithJava(sandbox(), { topics: ['r-stamped'] });
    expect(
      assertSameRecords(source, restored, {
        fields: ['offset', 'timestamp', 'key', 'value', 'headers'],
      }),
    ).toBe(400);
    const configs = (await client.topicConfigs(['r-stamped'])).get('r-stamped') ?? [];
    expect(configs.find(({ name }) => name === 'message.timestamp.type')?.value).toBe(
      'LogAppendTime',
    );
  });

  it('leaves no config of the filling behind', async () => {
    const admin = kafkaAdmin(sandbox());
    for (const topic of topics)
      expect(await admin.listTopicConfig(`r-${topic}`)).toEqual(await admin.listTopicConfig(topic));
    expect(result.refusedConfigs).toEqual([]);
  });

  it('lets every group read next what it would have read next', async () => {
    for (const group of ['early', 'middle', 'late']) {
      const isolation = 'read_committed';
      const before = await nextRecordsWithJava(sandbox(), group, topics, { isolation });
      const after = await nextRecordsWithJava(
        sandbox(),
        group,
        topics.map((topic) => `r-${topic}`),
        { isolation },
      );
      expect(before).toHaveLength(8);
      for (const { topic, partition, record } of before) {
        const next = after.find(
          (candidate) => candidate.topic === `r-${topic}` && candidate.partition === partition,
        );
        expect([next?.record?.key, next?.record?.value, next?.record?.headers]).toEqual([
          record?.key,
          record?.value,
          record?.headers,
        ]);
      }
      const restored = (await client.committedOffsets(group)).filter(({ topic }) =>
        topic.startsWith('r-'),
      );
      expect(restored.map(({ metadata }) => metadata)).toEqual(
        Array.from({ length: 8 }, () => `${group} mark`),
      );
      expect(restored.every(({ leaderEpoch }) => leaderEpoch === -1)).toBe(true);
    }
    expect(result.groups.map(({ status }) => status)).toEqual(['set', 'set', 'set']);
    expect(result.status).toBe('complete');
  });

  it('is read by librdkafka too', async (context) => {
    const outcome = await readWithKcat(sandbox().bootstrapServers, {
      topics: ['r-plain', 'r-traded'],
    });
    if ('skipped' in outcome) {
      context.skip(outcome.skipped);
      return;
    }
    const java = await readWithJava(sandbox(), { topics: ['r-plain', 'r-traded'] });
    expect(
      outcome.records.map(({ topic, partition, offset, key, value }) => [
        topic,
        partition,
        offset,
        key,
        value,
      ]),
    ).toEqual(
      java.map(({ topic, partition, offset, key, value }) => [
        topic,
        partition,
        offset,
        key,
        value,
      ]),
    );
  });

  it('refuses a second restore into the same topics, and exact offsets where a marker stands', async () => {
    await expect(
      restoreTo(client, archive, join(folder, 'again.json'), { renames }),
    ).rejects.toMatchObject({ code: 'KOPS_REFUSED', exitCode: 12 });
    await expect(
      restoreTo(client, archive, join(folder, 'exact.json'), {
        topics: ['traded'],
        renames: { traded: 'x' },
        offsets: 'exact',
      }),
    ).rejects.toMatchObject({
      code: 'KOPS_REFUSED',
      at: { topic: 'traded', partition: 0 },
    });
    expect((await client.topics()).some(({ name }) => name === 'x')).toBe(false);
  });

  it('reports a group that has members, sets the others, and is incomplete', async () => {
    const kafka = sandbox();
    const args = [
      '--bootstrap-server',
      kafka.bootstrapServers,
      '--topic',
      'traded',
      '--group',
      'busy',
    ];
    const consumer = await spawnKafkaTool(
      kafka.jars,
      'org.apache.kafka.tools.consumer.ConsoleConsumer',
      args,
    );
    try {
      await eventually(
        async () => await client.listGroups(),
        (groups) => groups.some(({ group, state }) => group === 'busy' && state === 'Stable'),
      );
      const offsets = [
        { topic: 'traded', partition: 0, offset: 20n, leaderEpoch: 0, metadata: null },
      ];
      const groups = ['busy', 'free'].map((group) => ({
        group,
        state: 'Empty',
        protocolType: 'consumer',
        offsets,
      }));
      const small = await archiveOf(await captureTopics(client, ['traded']), { groups });
      const outcome = await restoreTo(client, small, join(folder, 'busy.json'), {
        renames: { traded: 'traded-again' },
      });
      expect(
        outcome.groups.map(({ group, status, error }) => [group, status, error?.code]),
      ).toEqual([
        ['busy', 'refused', 'KOPS_REFUSED'],
        ['free', 'set', undefined],
      ]);
      expect(restoreExitCode(outcome)).toBe(21);
      expect(outcome.warnings.some((text) => text.startsWith('group busy: is Stable'))).toBe(true);
    } finally {
      consumer.signal('SIGKILL');
      await consumer.exited;
    }
  });
});
