import { counted } from '@kops/core';
import type { FillContext } from './fill-context.ts';
import type { PlannedPartition, PlannedTopic } from './plan.ts';
import { toldLosses } from './told-losses.ts';
import { firstCheckpoint, mappingPath, partitionKey } from './restore-state.ts';
import type {
  GroupResult,
  PartitionResult,
  RefusedConfig,
  RestoreDurations,
  RestoreResult,
  TopicResult,
} from './result.ts';

/** What the phases of a run brought. */
export interface RunOutcome {
  readonly groups: readonly GroupResult[];
  readonly refusedConfigs: readonly RefusedConfig[];
  readonly durations: RestoreDurations;
}

/** Sums up a run that went to its end. */
export function buildResult(context: FillContext, outcome: RunOutcome): RestoreResult {
  const { plan, state, archive } = context;
  const topics = plan.topics.map((topic, index) => topicResult(context, topic, index));
  const partitions = topics.flatMap((topic) => topic.partitions);
  const incomplete = [
    ...refusedGroups(outcome.groups),
    ...plan.topics.flatMap((topic, index) => missingRecords(topic, topics[index])),
    ...recordedLosses(archive.manifest, plan.topics),
  ];
  return {
    archive: plan.archive,
    targetCluster: plan.targetCluster,
    planDigest: plan.digest,
    method: plan.method,
    resumed: context.isResumed,
    status: incomplete.length === 0 ? 'complete' : 'incomplete',
    incomplete,
    topics,
    ...outcome,
    warnings: [...plan.warnings, ...topics.flatMap(warningsOf)],
    records: partitions.reduce((sum, { records }) => sum + records, 0),
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    statePath: state.path,
  };
}

function topicResult(context: FillContext, topic: PlannedTopic, index: number): TopicResult {
  return {
    source: topic.source,
    target: topic.target,
    created: context.state.state.topics.get(topic.target)?.created ?? false,
    partitions: topic.partitions.map((partition) =>
      partitionResult(context, partition, partitionKey(index, partition.partition)),
    ),
  };
}

function partitionResult(
  { state }: FillContext,
  planned: PlannedPartition,
  key: string,
): PartitionResult {
  const { sourceStart, sourceEnd, partition } = planned;
  const { counters, acknowledged } =
    state.state.partitions.get(key) ?? firstCheckpoint(sourceStart);
  const { records, bytes, batches, reencodedBatches, ...leftOut } = counters;
  // As many records as offsets, from 0 on: then each has its own.
  const isExact = sourceStart === 0n && acknowledged === sourceEnd;
  return {
    partition,
    strategy: isExact ? 'exact' : 'mapped',
    records,
    bytes,
    sourceStart,
    sourceEnd,
    targetStart: 0n,
    targetEnd: acknowledged,
    batches,
    reencodedBatches,
    leftOut,
    mappingFile: mappingPath(state.path, key),
  };
}

/** What the plan could not know. */
function warningsOf(topic: TopicResult): string[] {
  return topic.partitions.flatMap(({ partition, strategy, leftOut }) => {
    const where = `topic ${topic.target}, partition ${String(partition)}`;
    const lines: string[] = [];
    if (leftOut.open > 0)
      lines.push(
        `${where}: ${String(leftOut.open)} records of transactions that were open at the cut are not restored`,
      );
    const markers = leftOut.controlBatches;
    if (strategy === 'mapped' && markers > 0) {
      lines.push(
        `${where}: offsets are mapped, ${String(markers)} transaction markers and ${String(leftOut.aborted)} aborted records are not restored`,
      );
    }
    return lines;
  });
}

function refusedGroups(groups: readonly GroupResult[]): string[] {
  return groups.flatMap(({ group, error }) =>
    error === null ? [] : [`group ${group}: ${error.message}`],
  );
}

/** Chosen records that the archive turned out not to show: aborted, compacted away, or in a hole. */
function missingRecords(planned: PlannedTopic, result: TopicResult | undefined): string[] {
  return planned.partitions.flatMap(({ partition, chosen, records }) => {
    const restored = result?.partitions.find((one) => one.partition === partition)?.records ?? 0;
    const missing = (records ?? 0) - restored;
    return chosen === undefined || missing <= 0
      ? []
      : [
          `topic ${planned.target}, partition ${String(partition)}: ${counted(missing, 'selected record')} not found in the archive as committed data`,
        ];
  });
}

function recordedLosses(
  manifest: FillContext['archive']['manifest'],
  topics: readonly PlannedTopic[],
): string[] {
  const restored = new Map(topics.map(({ source, target }) => [source, target]));
  return manifest.topics.flatMap((topic) => {
    const lost = toldLosses(topic);
    const target = restored.get(topic.name);
    return lost === undefined || target === undefined ? [] : [`topic ${target}: ${lost}`];
  });
}
