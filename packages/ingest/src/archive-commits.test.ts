import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '@kops/core';
import { createRepository, openArchive, type Archive, type Repository } from '@kops/repository';
import type { StartBackup } from '@kops/transport';
import { expect, it } from 'vitest';
import { batchesFrom } from '../test/batches.ts';
import { CrashStore } from '../test/crash-store.ts';
import { clusterId, openSink, partitionSnapshot, topicSnapshot } from '../test/fixture.ts';
import { ArchiveCommits } from './archive-commits.ts';
import { GenerationCut } from './generation-cut.ts';
import type { PartitionSink } from './partition-sink.ts';
import type { BackupContext, PreparedBackup } from './prepare-backup.ts';

const numbers = [0, 1] as const;
const topic = topicSnapshot({
  partitions: numbers.map((partition) => partitionSnapshot({ partition })),
});
const snapshot = {
  cluster: { clusterId, controllerId: 1, brokers: [] },
  topics: [topic],
  liveTopics: new Set([topic.topicId]),
  groups: [],
};

/** The cut of a generation of a log that ends far beyond everything. */
function cutOf(sinks: readonly PartitionSink[]): GenerationCut {
  const ends = { highWatermark: 1000n, lastStableOffset: 1000n, logStart: 0n };
  return new GenerationCut(
    snapshot,
    sinks.map((sink) => ({ sink, ...ends })),
    sinks.map(() => 1000n),
    { fixed: false, takenAtMs: 0 },
  );
}

async function follow(crash: CrashStore): Promise<{
  readonly sinks: readonly PartitionSink[];
  readonly commits: ArchiveCommits;
  readonly repository: Repository;
}> {
  const repository = await createRepository(crash.store);
  const sinks: PartitionSink[] = [];
  for (const partition of numbers) {
    const plan = { topic, snapshot: partitionSnapshot({ partition }) };
    sinks.push((await openSink([crash.store], { plan })).sink);
  }
  const context = { repositories: [repository], kopsVersion: 'test', clock: systemClock };
  const commits = new ArchiveCommits(
    '20260131t235959z-aaaaaaaa',
    {
      follow: true,
      isolation: 'read_committed',
      topics: [] as readonly string[],
      exclude: [] as readonly string[],
    } as StartBackup,
    context as unknown as BackupContext,
    {
      parents: { latest: undefined },
      plans: [],
      deleted: [],
      startedAtMs: 0,
    } as unknown as PreparedBackup,
  );
  return { sinks, commits, repository };
}

async function shown(archive: Archive): Promise<{ cuts: bigint[]; records: number[] }> {
  const partitions = archive.manifest.topics.flatMap((one) => one.partitions);
  const records: number[] = [];
  for (const partition of numbers) {
    let count = 0;
    for await (const { offset } of archive.readRecords({ topic: topic.name, partition })) {
      expect(offset).toBe(BigInt(count));
      count++;
    }
    records.push(count);
  }
  return { cuts: partitions.map(({ cut }) => cut), records };
}

it('shows nothing of what became durable while the other partitions were sealed, until the next archive', async () => {
  const crash = new CrashStore();
  const { sinks, commits, repository } = await follow(crash);
  for (const sink of sinks) for (const batch of batchesFrom(0, 2)) await sink.append(batch);
  let published = 0;
  crash.onWrite = async (what) => {
    if (what !== 'publish' || ++published !== 2) return;
    crash.onWrite = () => undefined;
    // One of them is sealed: more of it comes, and becomes durable, before the other one is.
    await nextTurn();
    const [sealed] = sinks.filter(({ entries }) => entries.length > 0);
    for (const batch of batchesFrom(10, 3)) await sealed?.append(batch);
    await sealed?.sync();
  };
  const first = await commits.commit(cutOf(sinks));
  expect(sinks.map(({ durable }) => durable).sort()).toEqual([10n, 25n]);

  expect(await shown(await openArchive(repository, first.archive))).toEqual({
    cuts: [10n, 10n],
    records: [10, 10],
  });
  // The other half: that it is worth another archive, and all of it is in there.
  const next = cutOf(sinks);
  expect(commits.isNew(next)).toBe(true);
  const second = await commits.commit(next);
  const { cuts, records } = await shown(await openArchive(repository, second.archive));
  expect(cuts.toSorted()).toEqual([10n, 25n]);
  expect(records.toSorted((a, b) => a - b)).toEqual([10, 25]);
  expect(commits.isNew(cutOf(sinks))).toBe(false);
});

it('says of a generation what is new in it, and not since the start', async () => {
  const { sinks, commits } = await follow(new CrashStore());
  for (const sink of sinks) for (const batch of batchesFrom(0, 2)) await sink.append(batch);
  const first = await commits.commit(cutOf(sinks));
  expect(first).toMatchObject({ generation: 0, newSegments: 2, newBytes: first.bytes });
  const [sink] = sinks;
  for (const batch of batchesFrom(10, 1)) await sink?.append(batch);
  const second = await commits.commit(cutOf(sinks));
  expect(second).toMatchObject({
    generation: 1,
    newSegments: 1,
    newBytes: second.bytes - first.bytes,
  });
  expect(second.newBytes).toBeGreaterThan(0n);
});
