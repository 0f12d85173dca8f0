import type { PartitionManifest } from '@kops/archive-format';
import { counted } from '@kops/core';
import { clipRanges, countOffsets, type ChosenRecords } from './chosen-records.ts';
import { effectiveConfig, planConfigs } from './plan-configs.ts';
import { contentsKey } from './plan-contents.ts';
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

/** A topic's part of the plan, and what is to be said about it. */
export interface TopicPart {
  readonly planned: PlannedTopic;
  readonly warnings: readonly string[];
  readonly cannotRestore: readonly string[];
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
    }),
    partitions: topic.partitions.map((partition) => {
      const key = contentsKey({ topic: topic.name, partition: partition.partition });
      const all = planPartition(partition, options, contents?.partitions.get(key));
      return options.records === undefined ? all : onlyChosen(all, topic.name, options.records);
    }),
  };
  const where = `topic ${target}`;
  return {
    planned,
    warnings: warningsOf(topic, planned, options).map((text) => `${where}: ${text}`),
    cannotRestore: losses(topic, planned).map((text) => `${where}: ${text}`),
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

/** Narrowed to single records: those of them that the archive shows. Their bytes are the partition's share of its records. */
function onlyChosen(
  planned: PlannedPartition,
  topic: string,
  records: ChosenRecords,
): PlannedPartition {
  const { partition, sourceStart: start, sourceEnd: end } = planned;
  const chosen = clipRanges(records.of({ topic, partition }), { start, end });
  const count = Number(countOffsets(chosen));
  const whole = planned.records ?? Number(end - start);
  const bytes = whole === 0 ? 0 : Math.ceil((planned.bytes * count) / whole);
  return { ...planned, chosen, records: count, bytes: Math.min(bytes, planned.bytes) };
}

/** Chosen records that lie outside of what the archive shows. */
function notShown(planned: PlannedTopic, { records }: RestoreOptions): bigint {
  if (records === undefined) return 0n;
  const shown = planned.partitions.reduce((sum, { chosen = [] }) => sum + countOffsets(chosen), 0n);
  return records.countOf(planned.source) - shown;
}

function warningsOf(
  topic: SelectedTopic['topic'],
  planned: PlannedTopic,
  options: RestoreOptions,
): string[] {
  const warnings: string[] = [];
  const { replicationFactor, sourceReplicationFactor, partitions } = planned;
  if (replicationFactor < sourceReplicationFactor) {
    warnings.push(
      `replication factor ${String(replicationFactor)} instead of the source's ${String(sourceReplicationFactor)}`,
    );
  }
  const mapped = partitions.filter(({ strategy }) => strategy === 'mapped');
  const example = mapped[0];
  if (example !== undefined) {
    const why = `partition ${String(example.partition)}: ${example.reasons.join(', ')}`;
    warnings.push(
      `offsets of ${String(mapped.length)} of ${String(partitions.length)} partitions are mapped (${why})`,
    );
  }
  const absent = notShown(planned, options);
  if (absent > 0n)
    warnings.push(
      `${counted(absent, 'record')} of those chosen ${absent === 1n ? 'is' : 'are'} not in this archive`,
    );
  if (options.holdRetention !== true) warnings.push(...retentionWarnings(topic));
  if (isLogAppendTime(topic))
    warnings.push(
      'stamped by LogAppendTime: records keep their times as CreateTime, their batches are encoded anew',
    );
  const lost = topic.partitions.reduce((sum, partition) => sum + partition.losses.length, 0);
  if (lost > 0) warnings.push(`the archive itself records ${String(lost)} losses`);
  if (partitions.length < topic.partitionCount) {
    warnings.push(
      `the archive has ${String(partitions.length)} of ${String(topic.partitionCount)} partitions; the others stay empty`,
    );
  }
  return warnings;
}

function retentionWarnings(topic: SelectedTopic['topic']): string[] {
  const policy = effectiveConfig(topic, 'cleanup.policy') ?? 'delete';
  if (!policy.split(',').some((part) => part.trim() === 'delete')) return [];
  const limits = ['retention.ms', 'retention.bytes'].flatMap((name) => {
    const value = effectiveConfig(topic, name);
    return value === undefined || value === '-1' ? [] : [`${name}=${value}`];
  });
  return limits.length === 0
    ? []
    : [
        `${limits.join(' and ')} holds again at the end: the target then deletes what is beyond it, perhaps at once (--hold-retention keeps it)`,
      ];
}

function losses(topic: SelectedTopic['topic'], planned: PlannedTopic): string[] {
  const lines = planned.unrestorableConfigs.map(({ name, reason }) => `config ${name}: ${reason}`);
  if (isLogAppendTime(topic)) lines.push('the LogAppendTime mark of its batches');
  return lines;
}

function isLogAppendTime(topic: SelectedTopic['topic']): boolean {
  return effectiveConfig(topic, 'message.timestamp.type') === 'LogAppendTime';
}
