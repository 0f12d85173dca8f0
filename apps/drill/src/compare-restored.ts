import { mapLimit } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { Archive } from '@kops/repository';
import { mapOffset, readOffsetMapping, type RestorePlan, type RestoreResult } from '@kops/restore';
import {
  compareConfigs,
  compareGroups,
  comparePartition,
  type ComparedPartition,
  type ConfigsComparison,
  type GroupsComparison,
  type OffsetTranslation,
  type PartitionComparison,
} from '@kops/verify';

const parallelPartitions = 3;
const parallelTopics = 4;

/** A partition that was restored, and how its offsets moved. */
export interface RestoredPartition extends ComparedPartition {
  readonly strategy: 'exact' | 'mapped';
}

/** Everything that was compared. */
export interface Comparison {
  readonly partitions: readonly (PartitionComparison & Pick<RestoredPartition, 'strategy'>)[];
  readonly groups: GroupsComparison;
  readonly configs: readonly ConfigsComparison[];
}

/** How a restore is compared with its archive. */
export interface CompareRestoredOptions {
  readonly archive: Archive;
  /** A fresh connection: what the restore's own connection thinks does not count. */
  readonly kafka: KafkaClient;
  readonly plan: RestorePlan;
  readonly heldBack: ReadonlyMap<string, Readonly<Record<string, string | null>>>;
  readonly restored: readonly RestoredPartition[];
  /** Prefix of the groups' names on the target. */
  readonly prefix: string;
  readonly onProgress: (records: number) => void;
  readonly signal?: AbortSignal;
}

/** Which partitions a restore filled. Mappings are read into memory: runs, not records. */
export async function restoredPartitions(result: RestoreResult): Promise<RestoredPartition[]> {
  const places = result.topics.flatMap(({ source, target, partitions }) =>
    partitions.map((partition) => ({ source, target, partition })),
  );
  return mapLimit(places, parallelPartitions, async ({ source, target, partition: restored }) => ({
    source: { topic: source, partition: restored.partition },
    target: { topic: target, partition: restored.partition },
    strategy: restored.strategy,
    translate: await translationOf(restored.strategy, restored.mappingFile),
  }));
}

async function translationOf(
  strategy: 'exact' | 'mapped',
  mappingFile: string,
): Promise<OffsetTranslation> {
  // Exact means exact: a mapping could only hide that it is not.
  if (strategy === 'exact') return (offset) => offset;
  const mapping = await readOffsetMapping(mappingFile);
  return (offset) => mapOffset(mapping, offset);
}

/** Compares records first, then groups; then sets what was held back, and compares configs. */
export async function compareRestored(options: CompareRestoredOptions): Promise<Comparison> {
  const partitions = await comparePartitions(options);
  const groups = await compareAllGroups(options);
  const configs = await compareAllConfigs(options);
  return { partitions, groups, configs };
}

async function comparePartitions({
  archive,
  kafka,
  restored,
  onProgress,
  signal,
}: CompareRestoredOptions): Promise<Comparison['partitions']> {
  let done = 0;
  const running = new Map<RestoredPartition, number>();
  const report = (): void => onProgress(done + [...running.values()].reduce((a, b) => a + b, 0));
  return mapLimit(restored, parallelPartitions, async (partition) => {
    const { source, target, translate, strategy } = partition;
    const comparison = await comparePartition({
      archive,
      kafka,
      source,
      target,
      translate,
      onProgress: (records) => {
        running.set(partition, records);
        report();
      },
      ...(signal === undefined ? {} : { signal }),
    });
    running.delete(partition);
    done += comparison.sourceRecords;
    report();
    return { ...comparison, strategy };
  });
}

async function compareAllGroups({
  archive,
  kafka,
  restored,
  prefix,
  signal,
}: CompareRestoredOptions): Promise<GroupsComparison> {
  return compareGroups({
    archive,
    kafka,
    partitions: restored,
    targetGroup: (group) => `${prefix}${group}`,
    ...(signal === undefined ? {} : { signal }),
  });
}

async function compareAllConfigs({
  archive,
  kafka,
  plan,
  heldBack,
  signal,
}: CompareRestoredOptions): Promise<ConfigsComparison[]> {
  const topics = new Map(archive.manifest.topics.map((topic) => [topic.name, topic]));
  return mapLimit(plan.topics, parallelTopics, async (planned) => {
    const { source, target, unrestorableConfigs, adaptedConfigs } = planned;
    await kafka.alterTopicConfigs(target, heldBack.get(target) ?? {});
    const topic = topics.get(source);
    if (topic === undefined) return { topic: source, target, configs: 0, differences: [] };
    return compareConfigs({
      topic,
      target,
      kafka,
      unrestorable: unrestorableConfigs,
      adapted: adaptedConfigs,
      ...(signal === undefined ? {} : { signal }),
    });
  });
}
