import { truncateLeaderEpochs } from '@kops/archive-format';
import type { Offset } from '@kops/core';
import type { PartitionSnapshot } from './cluster-snapshot.ts';
import { leftPieces, type LeftOfPartition, type LeftPiece } from './left-pieces.ts';
import type { Parents } from './parents.ts';
import type { ParentPartition, PartitionPlan } from './plan-backup.ts';
import { partitionKey, readSince, type Leftovers } from './recovery.ts';

/**
 * Plans an archive of what dead captures have acknowledged, no archive holds, and nobody can read again, because the log start has passed it meanwhile.
 * Only baselines are concerned: an extension begins where an archive ends. Pure.
 * @param plans of the backup that finds the leftovers
 */
export function planPassed(
  plans: readonly PartitionPlan[],
  leftovers: Leftovers,
  parents: Pick<Parents, 'of'>,
): PartitionPlan[] {
  if (leftovers.captures.length === 0) return [];
  const baselines = plans.filter(({ mode }) => mode === 'baseline');
  if (baselines.length === 0) return [];
  const left = leftPieces(leftovers);
  return baselines.flatMap((plan) => {
    const { topic, snapshot } = plan;
    const { partition } = snapshot;
    const own = left.get(partitionKey({ topicId: topic.topicId, partition }));
    if (own === undefined) return [];
    const found = parents.of(topic.name, partition);
    const planned = planOne(plan, own, found?.topic.topicId === topic.topicId ? found : undefined);
    return planned === undefined ? [] : [planned];
  });
}

function planOne(
  { topic, snapshot: { partition, logStart } }: PartitionPlan,
  { pieces, losses }: LeftOfPartition,
  found: ParentPartition | undefined,
): PartitionPlan | undefined {
  const archived = found?.partition.cut ?? -1n;
  // From the log start on everything can be read again.
  const passed = pieces.filter(({ from, to }) => from < logStart && (to ?? logStart) > archived);
  if (archived >= logStart || passed.length === 0) return undefined;
  const isContinued =
    passed.some(({ from }) => from <= archived) ||
    losses.some(({ reason, from }) => reason === 'retention' && from === archived);
  // A capture that began behind what was archived had a log start of its own.
  const parent = isContinued ? found : undefined;
  const resume = parent?.partition.cut ?? firstOf(passed);
  const archivedLosses = found?.partition.losses ?? [];
  return {
    topic,
    snapshot: endedAt(partition, parent?.partition.logStart ?? resume, resume),
    mode: parent === undefined ? 'baseline' : 'extend',
    reason: parent === undefined ? interruptedReason : '',
    parent,
    resume,
    // As far as there is anything.
    cut: resume,
    losses: parent?.partition.losses ?? [],
    leaderEpochs: truncateLeaderEpochs(parent?.partition.lineage.leaderEpochs ?? [], resume),
    archivedLosses,
    ...(parent === undefined ? heldBy(found) : {}),
    gone: 'log-start-passed',
    readableFrom: logStart,
  };
}

/** Why what dead captures left begins a partition. */
export const interruptedReason =
  'interrupted-backup: the data of an interrupted backup does not extend an archive';

const heldBy = (found: ParentPartition | undefined): Pick<PartitionPlan, 'held'> =>
  found === undefined
    ? {}
    : { held: { archive: found.manifest.archive, end: found.partition.cut } };

const firstOf = (pieces: readonly LeftPiece[]): Offset =>
  pieces.map(({ from }) => from).reduce((a, b) => (a < b ? a : b));

const endedAt = (partition: number, logStart: Offset, end: Offset): PartitionSnapshot => ({
  partition,
  leader: -1,
  logStart,
  highWatermark: end,
  lastStableOffset: end,
});

/**
 * When what a partition is made of began to be read, ms since the epoch: by the dead captures, or by the archive that they had continued. For the rule of
 * compacted topics; undefined where dead captures left nothing.
 */
export function leftReadSince({ parent }: PartitionPlan, leftovers: Leftovers): number | undefined {
  const since = readSince(leftovers);
  if (since === undefined || parent === undefined) return since;
  return Math.min(since, Date.parse(parent.manifest.startedAt));
}
