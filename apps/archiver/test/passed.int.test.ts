import { setTimeout as sleep } from 'node:timers/promises';
import {
  assertSameRecords,
  kafkaAdmin,
  openJavaProducer,
  produceWithJava,
  readWithJava,
  sandboxKafka,
  sendAll,
  type JavaProducer,
  type OracleRecord,
} from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  archivedRecords,
  assertShowsTopics,
  leftoversIn,
  openArchiveIn,
} from './archive-content.ts';
import { committedBy, numbered } from './follow-events.ts';
import { repositoryFolder } from './repository-folder.ts';
import { eventually, startBackup } from './run-backup.ts';
import { Station, type StationOptions } from './station.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
const folder = repositoryFolder({ beforeEach, afterEach });

const options = (segmentBytes = 16 * 1024): StationOptions => ({
  bootstrapServers: sandbox().bootstrapServers,
  repositories: [folder()],
  segmentBytes,
  processes: true,
});

interface At {
  readonly topic: string;
  readonly partition: number;
}

/** A batch for every ten records, so that segments end on many offsets. */
async function send(producer: JavaProducer, at: At, name: string, count: number): Promise<void> {
  const records = numbered(name, count).map((key) => ({
    do: 'send' as const,
    ...at,
    key,
    value: `${key} ${'.'.repeat(200)}`,
  }));
  for (let first = 0; first < count; first += 10)
    await producer.run(records.slice(first, first + 10));
}

/** What the Java consumer read of partitions before anything was deleted. */
class Written {
  readonly #records: OracleRecord[];

  private constructor(records: OracleRecord[]) {
    this.#records = records;
  }

  static async read(...topics: string[]): Promise<Written> {
    return new Written(await readWithJava(sandbox(), { topics }));
  }

  /** Throws unless an archive shows of a partition below `to` exactly what was written with offsets in [from, to). */
  async assertShownBy(
    archive: string | undefined,
    { topic, partition }: At,
    from: bigint,
    to: bigint,
  ): Promise<void> {
    const opened = await openArchiveIn(folder(), archive);
    const shown = await archivedRecords(opened, [topic]);
    const written = this.#records.filter(
      (one) =>
        one.topic === topic && one.partition === partition && one.offset >= from && one.offset < to,
    );
    expect(written).toHaveLength(Number(to - from));
    assertSameRecords(
      written,
      shown.filter((one) => one.partition === partition && one.offset < to),
    );
  }
}

interface Acknowledged extends At {
  readonly offset: bigint;
}

async function untilAcknowledged(
  station: Station,
  backupId: string,
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  for (const { topic, partition, offset } of acknowledged) {
    const query = { backupId, topic, partition, waitForOffset: offset, timeoutMs: 90_000 };
    expect(await station.operator.watermark(query)).toBe(offset);
  }
}

/** Follows topics until partitions are acknowledged up to an offset, and kills the archiver: no generation has been committed. */
async function followAndDie(
  topics: readonly string[],
  acknowledged: readonly Acknowledged[],
  segmentBytes?: number,
): Promise<void> {
  await using station = await Station.open(options(segmentBytes));
  await station.startAgent();
  const follow = await startBackup(station.operator, topics, {
    follow: true,
    generationIntervalMs: 600_000,
  });
  await untilAcknowledged(station, follow.started.backupId, acknowledged);
  expect(committedBy(follow)).toEqual([]);
  await station.archiver.kill();
}

/** Takes a snapshot until so much is acknowledged, and kills the archiver. Returns the archived watermark. */
async function snapshotAndDie(at: At, least: bigint): Promise<bigint> {
  await using station = await Station.open(options(1024 * 1024));
  await station.startAgent();
  const snapshot = await startBackup(station.operator, [at.topic]);
  const { backupId } = snapshot.started;
  const query = { backupId, ...at, waitForOffset: least, timeoutMs: 90_000 };
  const acknowledged = await station.operator.watermark(query);
  await station.archiver.kill();
  expect(committedBy(snapshot)).toEqual([]);
  return acknowledged;
}

describe('a log start that has passed what a killed capture had acknowledged', () => {
  it('a snapshot: what it had sealed and more is in an archive of its own, then comes what there is', async () => {
    const at = { topic: 'swept', partition: 0 };
    await kafkaAdmin(sandbox()).createTopic({ topic: at.topic });
    await produceWithJava(sandbox(), [
      { do: 'generate', ...at, count: 60_000, valueBytes: 1000, content: 'random', partitions: 1 },
    ]);
    const written = await Written.read(at.topic);
    const acknowledged = await snapshotAndDie(at, 6_000n);
    expect(acknowledged).toBeGreaterThan(5_999n);
    await kafkaAdmin(sandbox()).deleteRecords([{ ...at, offset: 60_000n }]);
    await produceWithJava(sandbox(), sendAll(at, numbered('after', 7)));

    await using station = await Station.open(options());
    await station.startAgent();
    const archives = await (await startBackup(station.operator, [at.topic])).done;
    // What it had not acknowledged is lost.
    expect(archives).toMatchObject([{ losses: 0 }, { records: 7n, losses: 1 }]);
    const [late] = archives;
    expect(late?.records).toBeGreaterThanOrEqual(acknowledged);
    await written.assertShownBy(late?.archive, at, 0n, late?.records ?? 0n);
    expect(await assertShowsTopics(folder(), sandbox(), [at.topic])).toBe(7);
    expect(await leftoversIn(folder())).toEqual([]);
  });

  it('a snapshot, and the take-over is killed again and again: all of it is there, and once', async () => {
    const at = { topic: 'stubborn', partition: 0 };
    await kafkaAdmin(sandbox()).createTopic({ topic: at.topic });
    await produceWithJava(sandbox(), [
      { do: 'generate', ...at, count: 60_000, valueBytes: 1000, content: 'random', partitions: 1 },
    ]);
    const written = await Written.read(at.topic);
    const acknowledged = await snapshotAndDie(at, 20_000n);
    await kafkaAdmin(sandbox()).deleteRecords([{ ...at, offset: 60_000n }]);
    await produceWithJava(sandbox(), sendAll(at, numbered('after', 7)));
    for (const ms of [0, 5, 10, 20, 40, 80]) {
      // Without an agent nothing but the take-over can be done.
      await using station = await Station.open(options());
      await startBackup(station.operator, [at.topic]);
      await sleep(ms);
      await station.archiver.kill();
    }

    await using station = await Station.open(options());
    await station.startAgent();
    await (
      await startBackup(station.operator, [at.topic])
    ).done;
    const { repository } = await openArchiveIn(folder());
    const archives = await repository.archives();
    expect(archives).toHaveLength(2);
    const [late] = archives;
    const { manifest } = await openArchiveIn(folder(), late?.archive);
    const { logStart = -1n, cut = -1n } = manifest.topics[0]?.partitions[0] ?? {};
    expect(logStart).toBe(0n);
    expect(cut).toBeGreaterThanOrEqual(acknowledged);
    await written.assertShownBy(late?.archive, at, 0n, cut);
    expect(await assertShowsTopics(folder(), sandbox(), [at.topic])).toBe(7);
    expect(await leftoversIn(folder())).toEqual([]);
  });

  it.each([
    { where: 'into the middle of it', start: 255n },
    { where: 'beyond it', start: 320n },
  ])('a follow with generations, moved $where', async ({ start }) => {
    const at = { topic: `flow-${String(start)}`, partition: 0 };
    await kafkaAdmin(sandbox()).createTopic({ topic: at.topic });
    await using producer = await openJavaProducer(sandbox());
    await send(producer, at, 'first', 100);
    {
      await using station = await Station.open(options(4 * 1024));
      await station.startAgent();
      const follow = await startBackup(station.operator, [at.topic], {
        follow: true,
        generationIntervalMs: 600_000,
      });
      await untilAcknowledged(station, follow.started.backupId, [{ ...at, offset: 100n }]);
      await station.operator.stopBackup(follow.started.backupId);
      await follow.done;
      expect(committedBy(follow)).toMatchObject([{ records: 100n }]);
    }
    await send(producer, at, 'second', 200);
    await followAndDie([at.topic], [{ ...at, offset: 300n }], 4 * 1024);
    await send(producer, at, 'third', 40);
    const written = await Written.read(at.topic);
    await kafkaAdmin(sandbox()).deleteRecords([{ ...at, offset: start }]);

    await using station = await Station.open(options(4 * 1024));
    await station.startAgent();
    const rare = { follow: true, generationIntervalMs: 600_000 };
    const next = await startBackup(station.operator, [at.topic], rare);
    await untilAcknowledged(station, next.started.backupId, [{ ...at, offset: 340n }]);
    await station.operator.stopBackup(next.started.backupId);
    const archives = await next.done;
    const [late, now] = archives;
    expect(late).toMatchObject({ records: 300n, losses: 0, generation: 0 });
    expect(now).toMatchObject({ records: 340n - start, losses: start > 300n ? 1 : 0 });
    await written.assertShownBy(late?.archive, at, 0n, 300n);
    await written.assertShownBy(now?.archive, at, start, 340n);
    expect(await leftoversIn(folder())).toEqual([]);
  });

  it('of some partitions: the others are extended as ever, also after a second kill', async () => {
    const topic = 'some';
    const at = (partition: number): At => ({ topic, partition });
    await kafkaAdmin(sandbox()).createTopic({ topic, partitions: 3 });
    await using producer = await openJavaProducer(sandbox());
    for (const partition of [0, 1, 2]) await send(producer, at(partition), 'first', 50);
    {
      await using station = await Station.open(options());
      await station.startAgent();
      expect(await (await startBackup(station.operator, [topic])).done).toHaveLength(1);
    }
    for (const partition of [0, 1, 2]) await send(producer, at(partition), 'second', 50);
    const all = [0, 1, 2].map((partition) => ({ ...at(partition), offset: 100n }));
    await followAndDie([topic], all);
    const written = await Written.read(topic);
    await kafkaAdmin(sandbox()).deleteRecords([{ ...at(1), offset: 100n }]);
    for (const partition of [0, 2]) await send(producer, at(partition), 'third', 10);
    // Without an agent it comes as far as the late archive, and no farther.
    {
      await using station = await Station.open(options());
      const second = await startBackup(station.operator, [topic]);
      await eventually(
        () => committedBy(second),
        (archives) => archives.length > 0,
      );
      await station.archiver.kill();
    }
    await send(producer, at(1), 'third', 5);

    await using station = await Station.open(options());
    await station.startAgent();
    const third = await startBackup(station.operator, [topic]);
    expect(third.started.partitions).toMatchObject([
      { partition: 0, mode: 'extend', resumeOffset: 50n },
      { partition: 1, mode: 'extend', resumeOffset: 100n },
      { partition: 2, mode: 'extend', resumeOffset: 50n },
    ]);
    const archives = await third.done;
    expect(archives).toMatchObject([{ partitions: 3, records: 225n, losses: 0 }]);
    const [now] = archives;
    expect(await assertShowsTopics(folder(), sandbox(), [topic])).toBe(225);
    const { manifest } = await openArchiveIn(folder(), now?.archive);
    const late = manifest.topics[0]?.partitions[1];
    expect(late).toMatchObject({ logStart: 100n, cut: 105n, losses: [] });
    const committed = await (await openArchiveIn(folder())).repository.archives();
    expect(committed).toHaveLength(3);
    await written.assertShownBy(committed[1]?.archive, at(1), 0n, 100n);
    expect(await leftoversIn(folder())).toEqual([]);
  });

  it('of a compacted topic: it is kept, with the loss where a tombstone may have gone unseen', async () => {
    const at = { topic: 'keys', partition: 0 };
    const admin = kafkaAdmin(sandbox());
    const compact = (retentionMs: string): Record<string, string> => ({
      'cleanup.policy': 'compact,delete',
      'delete.retention.ms': retentionMs,
    });
    await admin.createTopic({ topic: at.topic, configs: compact('86400000') });
    await using producer = await openJavaProducer(sandbox());
    await send(producer, at, 'first', 60);
    const written = await Written.read(at.topic);
    await followAndDie([at.topic], [{ ...at, offset: 60n }]);
    await admin.alterTopicConfig(at.topic, compact('1'));
    await admin.deleteRecords([{ ...at, offset: 60n }]);
    await send(producer, at, 'second', 10);

    await using station = await Station.open(options());
    await station.startAgent();
    const archives = await (await startBackup(station.operator, [at.topic])).done;
    const [late] = archives;
    expect(archives).toHaveLength(2);
    expect(late).toMatchObject({ records: 60n, losses: 1 });
    await written.assertShownBy(late?.archive, at, 0n, 60n);
    const { manifest } = await openArchiveIn(folder(), late?.archive);
    expect(manifest.topics[0]?.partitions[0]?.losses).toMatchObject([
      { reason: 'tombstones-may-be-gone' },
    ]);
    expect(await assertShowsTopics(folder(), sandbox(), [at.topic])).toBe(10);
    expect(await leftoversIn(folder())).toEqual([]);
  });
});

describe('a log start that passes what a follow has acknowledged', () => {
  it.each([
    { who: 'itself', killed: false },
    { who: 'one that was killed before it', killed: true },
  ])('before its next generation, read by $who: that one shows it', async ({ killed }) => {
    const at = { topic: `fast-${String(killed)}`, partition: 0 };
    const acknowledged = [{ ...at, offset: 80n }];
    await kafkaAdmin(sandbox()).createTopic({ topic: at.topic });
    await using producer = await openJavaProducer(sandbox());
    await send(producer, at, 'first', 80);
    const written = await Written.read(at.topic);
    if (killed) await followAndDie([at.topic], acknowledged);

    await using station = await Station.open(options());
    await station.startAgent();
    const rare = { follow: true, generationIntervalMs: 600_000 };
    const follow = await startBackup(station.operator, [at.topic], rare);
    const { backupId } = follow.started;
    await untilAcknowledged(station, backupId, acknowledged);
    await kafkaAdmin(sandbox()).deleteRecords([{ ...at, offset: 80n }]);
    await send(producer, at, 'second', 10);
    await untilAcknowledged(station, backupId, [{ ...at, offset: 90n }]);
    await station.operator.stopBackup(backupId);
    const [archive] = await follow.done;
    expect(archive).toMatchObject({ records: 90n, losses: 0 });
    await written.assertShownBy(archive?.archive, at, 0n, 80n);

    // From then on an archive shows what there is.
    const [now] = await (await startBackup(station.operator, [at.topic])).done;
    expect(now).toMatchObject({ records: 10n, losses: 0 });
    expect(await assertShowsTopics(folder(), sandbox(), [at.topic])).toBe(10);
    expect(await leftoversIn(folder())).toEqual([]);
  });
});
