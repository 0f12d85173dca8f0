import { randomUUID } from 'node:crypto';
import { defaultLimits, runAgent } from '@kops/capture';
import { connectKafka, type KafkaClient } from '@kops/kafka';
import { fetchBelow } from '@kops/kafka/read';
import {
  assertSameRecords,
  kafkaAdmin,
  produceWithJava,
  readWithJava,
  type OracleRecord,
} from '@kops/testkit';
import { connectCapture, type Endpoint } from '@kops/transport';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archivedRecords, assertShowsTopics, openArchiveIn } from './archive-content.ts';
import { repositoryFolder } from './repository-folder.ts';
import { backUp, eventually, failureOf } from './run-backup.ts';
import { Station } from './station.ts';
import { TieredKafka } from './tiered-kafka.ts';

const topic = 'tiered';
const partitions = [0, 1].map((partition) => ({ topic, partition }));
/** Reads of each segment that are slow: more empty answers in a row than could be chance. */
const slowReads = 3;
const never = 1_000_000;

let kafka: TieredKafka;
let client: KafkaClient;

const folder = repositoryFolder({ beforeEach, afterEach });

beforeAll(async () => {
  kafka = await TieredKafka.start();
  client = await connectKafka({ bootstrapServers: [kafka.cluster.bootstrapServers] });
  await kafka.createTiered(topic, partitions.length);
  await kafkaAdmin(kafka.cluster).createTopic({ topic: 'local', partitions: 1 });
  const records = { do: 'generate', topic, partitions: 2, valueBytes: 1000 } as const;
  await produceWithJava(
    kafka.cluster,
    [
      { do: 'begin' },
      { ...records, count: 2000, seed: 1 },
      { do: 'commit' },
      { do: 'begin' },
      { ...records, count: 500, seed: 2 },
      { do: 'abort' },
      { do: 'begin' },
      { ...records, count: 2500, seed: 3 },
      { ...records, topic: 'local', partitions: 1, count: 100 },
      { do: 'commit' },
    ],
    { config: { 'transactional.id': 'tiered', 'batch.size': '30000' } },
  );
});
afterEach(async () => {
  await kafka.recover();
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await kafka[Symbol.asyncDispose]();
});

const openStation = (): Promise<Station> =>
  Station.open({
    bootstrapServers: kafka.cluster.bootstrapServers,
    repositories: [folder()],
  });

/** One fetch from the start of a partition, of which the broker has nothing on its own disk. */
const fetchFirst = (partition: number) =>
  client.fetch({
    ...{ topic, partition, topicId: undefined },
    ...{ offset: 0n, currentLeaderEpoch: -1, maxBytes: 1 << 20, maxWaitMs: 5_000 },
  });

/** An agent that gives up an offset soon. */
async function startImpatientAgent(endpoint: Endpoint, emptyMs: number): Promise<AsyncDisposable> {
  const stop = new AbortController();
  const capture = connectCapture(endpoint);
  const running = runAgent({
    ...{ agentId: randomUUID(), host: 'here', rack: '', brokerIds: [], version: 'test' },
    capture,
    connect: () => connectKafka({ bootstrapServers: [kafka.cluster.bootstrapServers] }),
    limits: { ...defaultLimits, emptyMs },
    signal: stop.signal,
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
      await capture[Symbol.asyncDispose]();
    },
  };
}

describe('a topic in tiered storage', () => {
  it('has a local log start where the broker says that its first segment lies', async () => {
    const isActiveAlone = (segments: readonly bigint[][]): boolean =>
      segments.every(([first = 0n, ...others]) => first > 0n && others.length === 0);
    const segments = await eventually(
      () => Promise.all([0, 1].map((partition) => kafka.localSegments(topic, partition))),
      isActiveAlone,
    );
    expect(await client.listOffsets(partitions, 'earliestLocal')).toEqual(segments.flat());
    expect(await client.listOffsets(partitions, 'earliest')).toEqual([0n, 0n]);
    expect(await client.listOffsets([{ topic: 'local', partition: 0 }], 'earliestLocal')).toEqual([
      0n,
    ]);
  });

  it('is archived whole though the remote store is too slow for the broker at first', async () => {
    await using station = await openStation();
    await station.startAgent();
    await kafka.slowDown(slowReads);
    // What a slow remote read looks like to a client: no error, no bytes, the right end.
    const [end = -1n] = await client.listOffsets(partitions, 'latest');
    const fetched = await fetchFirst(0);
    expect(fetched).toMatchObject({ status: 'ok', highWatermark: end });
    expect(fetched).toHaveProperty('bytes.length', 0);
    const archive = await backUp(station.operator, [topic]);
    expect(archive.losses).toBe(0);
    await kafka.recover();
    expect(await assertShowsTopics(folder(), kafka.cluster, [topic])).toBe(4500);
    expect(await kafka.slowReads()).toBe(slowReads * (await kafka.remoteSegments()));
  });

  it('is read whole by all who read logs below an end', async () => {
    await kafka.slowDown(2 * slowReads);
    const request = {
      ...{ topic, partition: 1, topicId: undefined, readCommitted: true },
      ...{ offset: 0n, currentLeaderEpoch: -1, maxBytes: 1 << 20, maxWaitMs: 0 },
    };
    const fetched = await fetchBelow(client, request, { end: 1n });
    expect(fetched).toMatchObject({ status: 'ok' });
    expect(await kafka.slowReads()).toBeGreaterThan(1);
  });

  it('is a failure or a recorded loss where the remote store gives nothing, and whole in the next archive', async () => {
    await using station = await openStation();
    const partial = await (async () => {
      await using _impatient = await startImpatientAgent(station.endpoint, 1_000);
      await kafka.slowDown(never);
      expect(await failureOf(backUp(station.operator, [topic]))).toMatchObject({
        code: 'KOPS_KAFKA_UNREACHABLE',
        exitCode: 30,
        message: expect.stringContaining('its tiered storage is too slow') as string,
      });
      // The first segment of each partition can be read, the others cannot.
      await kafka.slowDown(never, 1n);
      expect(await backUp(station.operator, [topic, 'local'])).toMatchObject({ losses: 2 });
      return await openArchiveIn(folder());
    })();
    await kafka.recover();
    const topics = [topic, 'local'];
    const written = await readWithJava(kafka.cluster, { topics, isolation: 'read_committed' });
    for (const { partition } of partitions) {
      const { cut, losses } = partial.partition(topic, partition);
      expect(losses).toMatchObject([
        {
          from: cut,
          reason: 'fetch-gave-up',
          detail: expect.stringContaining('tiered storage') as string,
        },
      ]);
    }
    const isShown = (record: OracleRecord): boolean =>
      record.topic === 'local' || record.offset < partial.partition(topic, record.partition).cut;
    const shown = written.filter(isShown);
    expect(shown.length).toBeGreaterThan(100);
    assertSameRecords(shown, await archivedRecords(partial, topics));
    await station.startAgent();
    expect(await backUp(station.operator, topics)).toMatchObject({ losses: 0 });
    expect(await assertShowsTopics(folder(), kafka.cluster, topics)).toBe(4600);
  });
});
