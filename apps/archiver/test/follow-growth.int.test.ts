import type { Manifest, TopicManifest } from '@kops/archive-format';
import {
  kafkaAdmin,
  openJavaProducer,
  produceWithJava,
  sandboxKafka,
  sendAll,
} from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  archivedRecords,
  assertShowsTopics,
  leftoversIn,
  openArchiveIn,
} from './archive-content.ts';
import { committedBy, noticesOf, numbered, untilCommitted, untilNoticed } from './follow-events.ts';
import { repositoryFolder } from './repository-folder.ts';
import { backUp, eventually, startBackup, type RunningBackup } from './run-backup.ts';
import { Station, type StationOptions } from './station.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
const folder = repositoryFolder({ beforeEach, afterEach });

const options = (): StationOptions => ({
  bootstrapServers: sandbox().bootstrapServers,
  repositories: [folder()],
  segmentBytes: 128 * 1024,
});

const send = (topic: string, partition: number, name: string, count: number): Promise<unknown> =>
  produceWithJava(sandbox(), sendAll({ topic, partition }, numbered(name, count)));

/** Waits until a partition, which need not be known yet, is archived up to an offset. */
async function untilArchived(
  { operator }: Station,
  { started: { backupId } }: RunningBackup,
  at: { readonly topic: string; readonly partition: number },
  offset: bigint,
): Promise<void> {
  const ask = async (): Promise<bigint> => {
    try {
      return await operator.watermark({ backupId, ...at, waitForOffset: offset, timeoutMs: 2_000 });
    } catch (error) {
      if ((error as { code?: string }).code === 'KOPS_TOPIC_NOT_FOUND') return -1n;
      throw error;
    }
  };
  expect(await eventually(ask, (watermark) => watermark >= offset, 120_000)).toBe(offset);
}

const topicOf = ({ topics }: Manifest, name: string): TopicManifest | undefined =>
  topics.find((topic) => topic.name === name);

async function shownValues(archive: string, topic: string): Promise<string[]> {
  const shown = await archivedRecords(await openArchiveIn(folder(), archive), [topic]);
  return shown.map(({ value }) => Buffer.from(value ?? '', 'base64').toString());
}

describe('topics and partitions that come during a follow', () => {
  it('are captured from their log start and are in the next generation, those only that are meant', async () => {
    const admin = kafkaAdmin(sandbox());
    await admin.createTopic({ topic: 'more-old', partitions: 2 });
    await send('more-old', 0, 'old', 20);
    await using station = await Station.open(options());
    await station.startAgent();
    // A pattern that matches nothing is refused.
    await admin.createTopic({ topic: 'more-secret-old' });
    const follow = await startBackup(station.operator, ['more-*'], {
      follow: true,
      exclude: ['more-secret*'],
      generationIntervalMs: 1_000,
    });
    await untilArchived(station, follow, { topic: 'more-old', partition: 0 }, 20n);

    await admin.createTopic({ topic: 'more-new', partitions: 3 });
    await admin.createTopic({ topic: 'more-secret' });
    await admin.createTopic({ topic: 'other' });
    await send('more-new', 2, 'new', 30);
    await send('more-secret', 0, 'hidden', 5);
    await admin.deleteRecords([{ topic: 'more-new', partition: 2, offset: 7n }]);
    await admin.addPartitions('more-old', 4);
    await send('more-old', 3, 'added', 40);
    await untilArchived(station, follow, { topic: 'more-new', partition: 2 }, 30n);
    await untilArchived(station, follow, { topic: 'more-old', partition: 3 }, 40n);
    expect(await untilNoticed(follow, 'topic-added')).toEqual([
      expect.stringContaining('more-new'),
    ]);
    expect(await untilNoticed(follow, 'partitions-added')).toEqual([
      expect.stringContaining('topic more-old has new partitions: 2, 3'),
    ]);

    // In a generation while the follow goes on, not only at its end.
    const before = committedBy(follow).length;
    await send('more-old', 0, 'later', 10);
    await untilArchived(station, follow, { topic: 'more-old', partition: 0 }, 30n);
    await untilCommitted(follow, before + 1);
    const midway = await openArchiveIn(folder());
    expect(midway.manifest.topics.map(({ name }) => name)).toEqual(['more-new', 'more-old']);

    await station.operator.stopBackup(follow.started.backupId);
    const archives = await follow.done;
    expect(archives.at(-1)).toMatchObject({ losses: 0, topics: 2, partitions: 7 });
    expect(await assertShowsTopics(folder(), sandbox(), ['more-old', 'more-new'])).toBe(
      20 + 40 + 10 + 23,
    );
    const { manifest } = await openArchiveIn(folder());
    expect(topicOf(manifest, 'more-old')).toMatchObject({ partitionCount: 4 });
    expect(topicOf(manifest, 'more-new')?.partitions[2]).toMatchObject({
      baseline: true,
      logStart: 7n,
      cut: 30n,
    });
    expect(await leftoversIn(folder())).toEqual([]);
  });

  it('are continued after a kill -9 of the archiver', async () => {
    const kafka = sandbox();
    const admin = kafkaAdmin(kafka);
    await admin.createTopic({ topic: 'grown-a' });
    const processes = { ...options(), processes: true };
    await using producer = await openJavaProducer(kafka);
    const generate = (topic: string, partitions: number, seed: number): Promise<unknown> =>
      producer.run([{ do: 'generate', topic, count: 900, partitions, valueBytes: 500, seed }]);
    let acknowledged = 0n;
    {
      await using station = await Station.open(processes);
      await station.startAgent();
      const follow = await startBackup(station.operator, ['grown-*'], {
        follow: true,
        // No generation before the kill; topics are looked at all the same.
        generationIntervalMs: 600_000,
      });
      await admin.createTopic({ topic: 'grown-b', partitions: 3 });
      await admin.addPartitions('grown-a', 3);
      for (const partition of [0, 1, 2])
        await untilArchived(station, follow, { topic: 'grown-b', partition }, 0n);
      await generate('grown-a', 3, 1);
      await generate('grown-b', 3, 2);
      for (const topic of ['grown-a', 'grown-b'])
        for (const partition of [0, 1, 2])
          await untilArchived(station, follow, { topic, partition }, 300n);
      acknowledged = 1800n;
      expect(committedBy(follow)).toEqual([]);
      await station.archiver.kill();
    }
    await using station = await Station.open(processes);
    // Nobody reads from Kafka: what there is was taken over.
    const next = await startBackup(station.operator, ['grown-*']);
    const planned = next.started.partitions.reduce((sum, one) => sum + one.resumeOffset, 0n);
    await eventually(
      async () => (await station.operator.listBackups())[0]?.progress.offsetsDone ?? 0n,
      (offsets) => planned + offsets >= acknowledged,
      30_000,
    );
    await station.startAgent();
    const [archive] = await next.done;
    expect(archive).toMatchObject({ records: 1800n, losses: 0, partitions: 6 });
    expect(await assertShowsTopics(folder(), kafka, ['grown-a', 'grown-b'])).toBe(1800);
    expect(await leftoversIn(folder())).toEqual([]);
  });
});

describe('topics that go during a follow', () => {
  it('end as a loss when they are deleted, and the archive stays consistent', async () => {
    const admin = kafkaAdmin(sandbox());
    for (const topic of ['gone', 'kept']) await admin.createTopic({ topic });
    await send('kept', 0, 'kept', 3);
    await using station = await Station.open(options());
    await station.startAgent();
    const follow = await startBackup(station.operator, ['gone', 'kept'], { follow: true });
    await send('gone', 0, 'gone', 12);
    await untilArchived(station, follow, { topic: 'gone', partition: 0 }, 12n);
    await admin.deleteTopics('gone');
    expect(await untilNoticed(follow, 'topic-deleted')).toEqual([
      expect.stringContaining('topic gone was deleted'),
    ]);
    await untilNoticed(follow, 'loss');
    // A generation tells of it, though no offset has moved.
    await untilCommitted(follow, 1);
    await eventually(
      async () => {
        const { manifest } = await openArchiveIn(folder());
        return topicOf(manifest, 'gone')?.partitions[0]?.losses ?? [];
      },
      (losses) => losses.length === 1,
    );
    await send('kept', 0, 'more', 4);
    await untilArchived(station, follow, { topic: 'kept', partition: 0 }, 7n);
    await station.operator.stopBackup(follow.started.backupId);
    const archives = await follow.done;
    const last = archives.at(-1);
    expect(last).toMatchObject({ losses: 1, topics: 2 });
    expect(await shownValues(last?.archive ?? '', 'gone')).toEqual(numbered('gone', 12));
    const [partition] = topicOf((await openArchiveIn(folder())).manifest, 'gone')?.partitions ?? [];
    expect(partition).toMatchObject({
      cut: 12n,
      losses: [{ from: 12n, to: 12n, reason: 'topic-deleted' }],
    });
    expect(partition?.highWatermark).toBeGreaterThanOrEqual(12n);
    expect(await assertShowsTopics(folder(), sandbox(), ['kept'])).toBe(7);
    expect(await leftoversIn(folder())).toEqual([]);
  });

  it('end and begin anew when they are created again: an archive for each life, none with both', async () => {
    const admin = kafkaAdmin(sandbox());
    await admin.createTopic({ topic: 'again' });
    await using station = await Station.open(options());
    await station.startAgent();
    const follow = await startBackup(station.operator, ['again'], {
      follow: true,
      generationIntervalMs: 4_000,
    });
    await send('again', 0, 'first', 10);
    await untilArchived(station, follow, { topic: 'again', partition: 0 }, 10n);
    await admin.deleteTopics('again');
    await eventually(
      () => admin.listTopics(),
      (names) => !names.includes('again'),
    );
    await admin.createTopic({ topic: 'again' });
    // As many: the end of the log does not tell the lives apart.
    await send('again', 0, 'second', 10);
    await untilNoticed(follow, 'topic-added');
    // Which of them depends on whether anybody looked while there was none of that name.
    const ends = (['topic-deleted', 'topic-recreated'] as const).filter(
      (kind) => noticesOf(follow, kind).length > 0,
    );
    expect(ends).toHaveLength(1);
    expect(noticesOf(follow, ends[0] ?? 'other')).toHaveLength(1);
    await untilArchived(station, follow, { topic: 'again', partition: 0 }, 10n);
    await send('again', 0, 'third', 5);
    await untilArchived(station, follow, { topic: 'again', partition: 0 }, 15n);
    await station.operator.stopBackup(follow.started.backupId);
    const archives = await follow.done;

    const lives = await Promise.all(
      archives.map(async ({ archive }) => {
        const { manifest } = await openArchiveIn(folder(), archive);
        expect(manifest.topics).toHaveLength(1);
        const topic = topicOf(manifest, 'again');
        return { id: topic?.topicId ?? '', losses: topic?.partitions[0]?.losses ?? [], archive };
      }),
    );
    const ids = [...new Set(lives.map(({ id }) => id))];
    expect(ids).toHaveLength(2);
    const oldest = lives.findLast(({ id }) => id === ids[0]);
    expect(oldest?.losses).toMatchObject([{ reason: ends[0] }]);
    expect(await shownValues(oldest?.archive ?? '', 'again')).toEqual(numbered('first', 10));
    const newest = lives.at(-1);
    expect(newest).toMatchObject({ id: ids[1], losses: [] });
    expect(await shownValues(newest?.archive ?? '', 'again')).toEqual([
      ...numbered('second', 10),
      ...numbered('third', 5),
    ]);
    expect(await assertShowsTopics(folder(), sandbox(), ['again'])).toBe(15);
    expect(await leftoversIn(folder())).toEqual([]);
  });
});

describe('a compacted topic whose tombstones live shorter than its backup takes', () => {
  it('is archived with a warning that counts as a loss, and captured anew by the next', async () => {
    const configs = { 'cleanup.policy': 'compact', 'delete.retention.ms': '0' };
    await kafkaAdmin(sandbox()).createTopic({ topic: 'brief', configs });
    const at = { topic: 'brief', partition: 0 } as const;
    const steps = numbered('v', 10).map((value) => ({
      do: 'send' as const,
      ...at,
      key: value,
      value,
    }));
    await produceWithJava(sandbox(), steps);
    await using station = await Station.open(options());
    await station.startAgent();
    const { done, ...backup } = await startBackup(station.operator, ['brief']);
    expect(await done).toMatchObject([{ records: 10n, losses: 1 }]);
    expect(noticesOf({ done, ...backup }, 'tombstones-may-be-gone')).toHaveLength(1);
    const [partition] =
      topicOf((await openArchiveIn(folder())).manifest, 'brief')?.partitions ?? [];
    expect(partition?.losses).toMatchObject([
      { from: 10n, to: 10n, reason: 'tombstones-may-be-gone' },
    ]);
    await kafkaAdmin(sandbox()).alterTopicConfig('brief', { 'delete.retention.ms': '86400000' });
    const next = await startBackup(station.operator, ['brief']);
    expect(next.started.partitions).toMatchObject([{ mode: 'baseline', resumeOffset: 0n }]);
    expect(await next.done).toMatchObject([{ records: 10n, losses: 0 }]);
    expect(await assertShowsTopics(folder(), sandbox(), ['brief'])).toBe(10);
  });
});

describe('a loss that was noticed before a kill -9', () => {
  it('is in the archive that the next run commits, and in no later one', async () => {
    const admin = kafkaAdmin(sandbox());
    for (const topic of ['lossy', 'aside']) await admin.createTopic({ topic });
    await send('aside', 0, 'aside', 5);
    await send('lossy', 0, 'a', 100);
    const processes = { ...options(), processes: true };
    {
      await using station = await Station.open(processes);
      const agent = await station.startAgent();
      await backUp(station.operator, ['lossy']);
      await agent.kill();
      await send('lossy', 0, 'b', 100);
      const follow = await startBackup(station.operator, ['lossy'], {
        follow: true,
        generationIntervalMs: 600_000,
      });
      // Planned, with nobody to carry it.
      await admin.deleteRecords([{ topic: 'lossy', partition: 0, offset: 150n }]);
      await station.startAgent();
      await untilArchived(station, follow, { topic: 'lossy', partition: 0 }, 200n);
      expect(await untilNoticed(follow, 'loss')).toEqual([
        expect.stringContaining('lossy-0: offsets 100 to 149 are lost (retention)'),
      ]);
      await station.archiver.kill();
    }
    await using station = await Station.open(processes);
    await station.startAgent();
    // A backup of something else must not take the memory of it away.
    await backUp(station.operator, ['aside']);
    const loss = { from: 100n, to: 150n, reason: 'retention' };
    const archive = await backUp(station.operator, ['lossy']);
    expect(archive).toMatchObject({ losses: 1, records: 50n });
    const { manifest } = await openArchiveIn(folder(), archive.archive);
    expect(topicOf(manifest, 'lossy')?.partitions[0]).toMatchObject({ losses: [loss], cut: 200n });
    expect(await assertShowsTopics(folder(), sandbox(), ['lossy'])).toBe(50);
    expect(await leftoversIn(folder())).toEqual([]);
    await send('lossy', 0, 'c', 10);
    expect(await backUp(station.operator, ['lossy'])).toMatchObject({ losses: 0, records: 60n });
  });
});
