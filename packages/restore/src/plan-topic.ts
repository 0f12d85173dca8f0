import type { PartitionManifest } from '@kops/archive-format';
import { clipRanges, countOffsets, type ChosenRecords } from './chosen-records.ts';
import { planConfigs } from './plan-configs.ts';
import { contentsKey } from './plan-contents.ts';
import type { PlanNote } from './plan-notes.ts';
import type { SelectedTopic } from './plan-selection.ts';
import { mappingReasons } from './plan-strategy.ts';
import type {
  ArchiveContents,
  PartitionContents,
  PlannedPartition,
  PlannedTopic,
  RestoreOptions,
  TargetFacts,
} from './plan.ts';
import { isLogAppendTime, topicNotes } from './topic-notes.ts';

/** A topic's part of the plan, and what is to be said about it. */
export interface TopicPart {
  readonly planned: PlannedTopic;
  readonly notes: readonly PlanNote[];
  /** What the target will not have. */
  readonly cannotRestore: readonly PlanNote[];
}

/** Plans one topic. */
export function planTopic(
  { topic, target }: SelectedTopic,
  facts: TargetFacts,
  options: RestoreOptions,
  contents: ArchiveContents | undefined,
): TopicPart {
  const replicationFactor =
    options.replicationFactor ?? Math.max(1, Math.min(topic.replicationFactor, facts.brokers));
  const planned: PlannedTopic = {
    source: topic.name,
    target,
    partitionCount: topic.partitionCount,
    replicationFactor,
    sourceReplicationFactor: topic.replicationFactor,
    exists: facts.topics.some(({ name }) => name === target),
    ...planConfigs(topic, {
      replicationFactor,
      holdRetention: options.holdRetention ?? false,
      knownConfigs: facts.knownConfigs,
      defaultOf: (name) => facts.defaults?.get(name),
      forbidden: facts.forbidden?.get(target),
    }),
    partitions: topic.partitions.map((partition) => {
      const key = contentsKey({ topic: topic.name, partition: partition.partition });
      const known = contents?.partitions.get(key);
      const whole = planPartition(partition, options, known);
      const all = inWindow(whole, options, contents?.inWindow?.get(key));
      return options.records === undefined ? all : onlyChosen(all, topic.name, options.records);
    }),
  };
  return {
    planned,
    notes: topicNotes(topic, planned, facts, options),
    cannotRestore: losses(topic, planned).map((text) => ({
      weight: 'different',
      text,
      kind: 'topic',
      name: target,
    })),
  };
}

function planPartition(
  partition: PartitionManifest,
  options: RestoreOptions,
  contents: PartitionContents | undefined,
): PlannedPartition {
  const reasons = mappingReasons(partition, options, contents);
  return {
    partition: partition.partition,
    sourceStart: partition.logStart,
    sourceEnd: partition.cut,
    strategy: reasons.length === 0 ? 'exact' : 'mapped',
    reasons,
    records: partition.records,
    bytes: partition.plaintextBytes,
  };
}

/** Narrowed to a time window: the records in it, where they were counted. */
function inWindow(
  planned: PlannedPartition,
  { window }: RestoreOptions,
  count: number | undefined,
): PlannedPartition {
  if (window === undefined) return planned;
  if (count === undefined) return { ...planned, records: null };
  return { ...planned, records: count, bytes: shareOf(planned, count) };
}

/** Batch bytes of so many records of a partition. */
function shareOf(
  { records, sourceStart, sourceEnd, bytes }: PlannedPartition,
  count: number,
): number {
  const whole = records ?? Number(sourceEnd - sourceStart);
  return whole === 0 ? 0 : Math.min(bytes, Math.ceil((bytes * count) / whole));
}

/** Narrowed to single records: those of them that the archive shows. Their bytes are the partition's share of its records. */
function onlyChosen(
  planned: PlannedPartition,
  topic: string,
  records: ChosenRecords,
): PlannedPartition {
  const { partition, sourceStart: start, sourceEnd: end } = planned;
  const chosen = clipRanges(records.of({ topic, partition }), { start, end });
  const count = Number(countOffsets(chosen));
  return { ...planned, chosen, records: count, bytes: shareOf(planned, count) };
}

function losses(topic: SelectedTopic['topic'], planned: PlannedTopic): string[] {
  const lines = planned.unrestorableConfigs.map(({ name, reason }) => `config ${name}: ${reason}`);
  if (isLogAppendTime(topic)) lines.push('the LogAppendTime mark of its batches');
  return lines;
}
