import { truncateLeaderEpochs } from '@kops/archive-format';
import type { Offset, TopicId } from '@kops/core';
import type { CapturedTopic } from './capture-record.ts';
import type { PartitionSnapshot, TopicSnapshot } from './cluster-snapshot.ts';
import { leftPieces } from './left-pieces.ts';
import { interruptedReason } from './passed-leftovers.ts';
import type { Parents } from './parents.ts';
import type { ParentPartition, PartitionPlan, TopicEnd } from './plan-backup.ts';
import { partitionKey, type Leftovers } from './recovery.ts';

/** Configs that decide how a topic's content is to be read: kept even where they are defaults. */
const decisive = new Set(['cleanup.policy', 'delete.retention.ms']);

/** What a journal keeps of a topic. Defaults are left out: they are the cluster's, and most of what there is. */
export function toCapturedTopic(topic: TopicSnapshot): CapturedTopic {
  const { name, topicId, derivedTopicId, internal, replicationFactor, configs } = topic;
  return {
    name,
    topicId,
    derivedTopicId,
    internal,
    replicationFactor,
    partitionCount: topic.partitions.length,
    configs: configs.filter((one) => one.source !== 'DEFAULT_CONFIG' || decisive.has(one.name)),
  };
}

/** Ids of all topics that dead captures left something of. */
export function topicsOf(leftovers: Leftovers): Set<TopicId> {
  return new Set([...leftPieces(leftovers).keys()].map((key) => key.slice(0, key.indexOf('/'))));
}

/** What the journals tell of a topic, as it was last; undefined where they are of a version that told nothing. */
export function capturedTopic(
  { captures }: Leftovers,
  topicId: TopicId,
): CapturedTopic | undefined {
  return captures
    .flatMap(({ topics }) => topics)
    .filter((topic) => topic.topicId === topicId)
    .reduce<CapturedTopic | undefined>(
      // Topics only ever grow.
      (last, one) => (last !== undefined && last.partitionCount >= one.partitionCount ? last : one),
      undefined,
    );
}

/**
 * Plans the partitions of a topic that is gone: what archives have of it, and behind that what dead captures left.
 * Pure: nobody can be asked any more.
 */
export function planGoneTopic(
  captured: CapturedTopic,
  gone: TopicEnd,
  leftovers: Leftovers,
  parents: Pick<Parents, 'of'>,
): PartitionPlan[] {
  const { partitionCount, ...facts } = captured;
  const topic: TopicSnapshot = {
    ...facts,
    partitions: Array.from({ length: partitionCount }, (_, partition) =>
      snapshotAt(partition, 0n, 0n),
    ),
  };
  const left = leftPieces(leftovers);
  return topic.partitions.flatMap(({ partition }) => {
    const found = parents.of(topic.name, partition);
    // Another life of the topic is none of its.
    const parent = found?.topic.topicId === topic.topicId ? found : undefined;
    const own = left.get(partitionKey({ topicId: topic.topicId, partition }));
    if (parent === undefined && own === undefined) return [];
    const resume = resumeAt(parent, own?.pieces.map(({ from }) => from) ?? []);
    return [planGone({ topic, gone }, partition, resume, parent)];
  });
}

const least = (a: Offset, b: Offset): Offset => (a < b ? a : b);
const most = (a: Offset, b: Offset): Offset => (a > b ? a : b);

/** Where taking over begins: the cut of an archive may lie inside of a piece, which is taken whole then. */
function resumeAt(parent: ParentPartition | undefined, begins: readonly Offset[]): Offset {
  if (parent === undefined) return begins.length === 0 ? 0n : begins.reduce(least);
  const { cut } = parent.partition;
  const upToCut = begins.filter((begin) => begin <= cut);
  return upToCut.length === 0 ? cut : upToCut.reduce(most);
}

function planGone(
  { topic, gone }: { readonly topic: TopicSnapshot; readonly gone: TopicEnd },
  partition: number,
  resume: Offset,
  parent: ParentPartition | undefined,
): PartitionPlan {
  const losses = parent?.partition.losses ?? [];
  return {
    topic,
    snapshot: snapshotAt(partition, parent?.partition.logStart ?? resume, resume),
    mode: parent === undefined ? 'baseline' : 'extend',
    reason: parent === undefined ? interruptedReason : '',
    parent,
    resume,
    // As far as there is anything.
    cut: resume,
    losses,
    leaderEpochs: truncateLeaderEpochs(parent?.partition.lineage.leaderEpochs ?? [], resume),
    archivedLosses: losses,
    gone,
  };
}

const snapshotAt = (partition: number, logStart: Offset, end: Offset): PartitionSnapshot => ({
  partition,
  leader: -1,
  logStart,
  highWatermark: end,
  lastStableOffset: end,
});
