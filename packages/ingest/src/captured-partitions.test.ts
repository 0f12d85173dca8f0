import { createMemoryStore } from '@kops/object-store/memory';
import { beforeEach, describe, expect, it } from 'vitest';
import { batchesFrom } from '../test/batches.ts';
import {
  beginJournal,
  clusterId,
  configs,
  parentPartition,
  partitionPlan,
  topicId,
  topicSnapshot,
} from '../test/fixture.ts';
import { AgentRegistry } from './agent-registry.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import { CapturedPartitions } from './captured-partitions.ts';
import type { TopicSnapshot } from './cluster-snapshot.ts';
import { GenerationCut } from './generation-cut.ts';
import type { PartitionPlan } from './plan-backup.ts';
import type { BackupContext, PreparedBackup } from './prepare-backup.ts';
import { noLeftovers } from './recovery.ts';

const compacted = topicSnapshot({
  configs: configs({ 'cleanup.policy': 'compact', 'delete.retention.ms': '1000' }),
});

let now: number;
let notices: { kind: string; text: string }[];
beforeEach(() => {
  now = 0;
  notices = [];
});

async function capture(
  plan: Partial<PartitionPlan>,
  follow: boolean,
): Promise<{ partitions: CapturedPartitions; partition: AssignedPartition }> {
  const store = createMemoryStore();
  const snapshot = {
    cluster: { clusterId, controllerId: 1, brokers: [] },
    topics: [plan.topic ?? topicSnapshot()],
    liveTopics: new Set([topicId]),
    groups: [],
  };
  let epoch = 0n;
  const partitions = new CapturedPartitions(
    {
      cluster: 'main',
      follow,
      context: {
        repositories: [{ store }],
        registry: new AgentRegistry(),
        segmentBytes: 2 ** 20,
        clock: { now: () => now },
        nextEpoch: () => ++epoch,
      } as unknown as BackupContext,
      prepared: { snapshot } as unknown as PreparedBackup,
      begun: { journal: await beginJournal([store]), leftovers: noLeftovers },
    },
    {
      onNotice: (kind, text) => notices.push({ kind, text }),
      onGivenUp: (_, error) => {
        throw error;
      },
      onMoved: () => undefined,
    },
  );
  await partitions.add(partitionPlan({ topic: topicSnapshot(), ...plan }));
  const [partition] = partitions.assignments.partitions;
  if (partition === undefined) throw new Error('nothing was added');
  return { partitions, partition };
}

/** A cut at an offset, as if asked for now. */
const cutAt = ({ sink }: AssignedPartition, limit: bigint, topic: TopicSnapshot): GenerationCut =>
  new GenerationCut(
    {
      cluster: { clusterId, controllerId: 1, brokers: [] },
      topics: [topic],
      liveTopics: new Set(),
      groups: [],
    },
    [{ sink, highWatermark: limit, lastStableOffset: limit, logStart: 0n }],
    [limit],
    { fixed: false, takenAtMs: now },
  );

async function read({ sink }: AssignedPartition, from: number, batches: number): Promise<void> {
  for (const batch of batchesFrom(from, batches)) await sink.append(batch);
  await sink.seal();
}

describe('a baseline of a compacted topic', () => {
  it.each([
    { tookMs: 999, topic: compacted, losses: [] },
    {
      tookMs: 1000,
      topic: compacted,
      losses: [{ from: 100n, to: 100n, reason: 'tombstones-may-be-gone' }],
    },
    { tookMs: 5000, topic: topicSnapshot(), losses: [] },
  ])('that was read in $tookMs ms', async ({ tookMs, topic, losses }) => {
    const { partitions, partition } = await capture({ topic, cut: 100n }, false);
    partition.readSinceMs = 50;
    await read(partition, 0, 20);
    partition.done = true;
    partition.readUntilMs = 50 + tookMs;
    // Others of the backup may take much longer.
    now = 1_000_000;
    partitions.checkTombstones(cutAt(partition, 100n, topic));
    expect(partition.sink.losses).toMatchObject(losses);
    expect(notices.map(({ kind }) => kind)).toEqual(losses.map(({ reason }) => reason));
  });

  it('of which nothing was read has nothing to bring back', async () => {
    const { partitions, partition } = await capture({ topic: compacted, cut: 0n }, false);
    now = 1_000_000;
    partitions.checkTombstones(cutAt(partition, 0n, compacted));
    expect(partition.sink.losses).toEqual([]);
  });
});

describe('a follow of a compacted topic', () => {
  it('may go on for longer than a tombstone lives, as long as it keeps up', async () => {
    const { partitions, partition } = await capture({ topic: compacted }, true);
    partition.readSinceMs = 0;
    for (let round = 0; round < 10; round++) {
      now += 900;
      await read(partition, round * 5, 1);
      partitions.checkTombstones(cutAt(partition, BigInt(round * 5 + 5), compacted));
    }
    expect(partition.sink.losses).toEqual([]);
    // Nothing comes for an hour: nothing was to be missed.
    now += 3_600_000;
    partitions.checkTombstones(cutAt(partition, 50n, compacted));
    now += 500;
    await read(partition, 50, 1);
    partitions.checkTombstones(cutAt(partition, 55n, compacted));
    expect(partition.sink.losses).toEqual([]);
  });

  it('tells, once, when it was behind for longer', async () => {
    const { partitions, partition } = await capture({ topic: compacted }, true);
    partition.readSinceMs = 0;
    now = 600;
    await read(partition, 0, 2);
    partitions.checkTombstones(cutAt(partition, 100n, compacted));
    expect(partition.sink.losses).toEqual([]);
    for (now = 1200; now < 3000; now += 600) {
      partitions.checkTombstones(cutAt(partition, 100n, compacted));
    }
    expect(partition.sink.losses).toMatchObject([
      { from: 10n, to: 10n, reason: 'tombstones-may-be-gone' },
    ]);
    expect(notices).toHaveLength(1);
  });

  it('counts from the start of the archive that it extends', async () => {
    const parent = parentPartition(10n, { startedAt: new Date(0).toISOString() });
    const plan = { topic: compacted, mode: 'extend', parent, resume: 10n } as const;
    const { partitions, partition } = await capture(plan, true);
    now = 900;
    partitions.checkTombstones(cutAt(partition, 15n, compacted));
    expect(partition.sink.losses).toEqual([]);
    await read(partition, 10, 1);
    now = 1100;
    partitions.checkTombstones(cutAt(partition, 15n, compacted));
    expect(partition.sink.losses).toHaveLength(1);
  });
});

describe('a partition whose topic is gone', () => {
  it('ends once, with what is known to have been there as a loss', async () => {
    const { partitions, partition } = await capture({}, true);
    await read(partition, 0, 4);
    await Promise.all([
      partitions.end(partition, 'topic-deleted'),
      partitions.end(partition, 'topic-deleted'),
    ]);
    expect(partition.done && partitions.hasEnded(partition)).toBe(true);
    // Its high watermark was 100 when the backup was planned.
    expect(partition.sink.losses).toMatchObject([{ from: 20n, to: 100n, reason: 'topic-deleted' }]);
    expect(notices.map(({ kind }) => kind)).toEqual(['topic-deleted', 'loss']);
    partitions.forget(partition);
    expect(partitions.sinks()).toEqual([]);
    expect(partitions.allSinks()).toEqual([partition.sink]);
  });
});
