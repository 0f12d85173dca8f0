import { deriveTopicId, type GroupManifest, type TopicConfig } from '@kops/archive-format';
import {
  formatTopicPartition,
  KopsError,
  mapLimit,
  selectTopics,
  type NameSelection,
  type Offset,
  type TopicId,
  type TopicPartition,
} from '@kops/core';
import type {
  ClusterDescription,
  GroupDescription,
  KafkaClient,
  OffsetSpec,
  TopicConfigEntry,
  TopicMetadata,
} from '@kops/kafka';
import { isPartitionFault } from './partition-fault.ts';

/** How long a partition or group is asked for that has no leader or fails otherwise, in ms. Elections take less. */
const faultMs = 12_000;

/** A partition as the cluster shows it at the start of a backup. */
export interface PartitionSnapshot {
  readonly partition: number;
  readonly leader: number;
  readonly logStart: Offset;
  readonly highWatermark: Offset;
  readonly lastStableOffset: Offset;
  /** Why it cannot be captured now; its offsets are then -1. */
  readonly fault?: KopsError;
}

/** A topic as the cluster shows it at the start of a backup. */
export interface TopicSnapshot {
  readonly name: string;
  readonly topicId: TopicId;
  /** The cluster has no topic ids: the id was derived from the name. */
  readonly derivedTopicId: boolean;
  readonly internal: boolean;
  readonly replicationFactor: number;
  readonly configs: readonly TopicConfig[];
  readonly partitions: readonly PartitionSnapshot[];
}

/** What a backup is about. */
export interface ClusterSnapshot {
  readonly cluster: ClusterDescription;
  readonly topics: readonly TopicSnapshot[];
  /** Ids of all topics of the cluster, also of those that the backup leaves out. */
  readonly liveTopics: ReadonlySet<TopicId>;
  /** Groups that committed offsets in these topics, taken before the cut. */
  readonly groups: readonly GroupManifest[];
  /** Groups whose offsets could not be read; null where not even their names could. */
  readonly groupFaults?: readonly SnapshotGroupFault[];
}

/** A group that could not be taken. */
export interface SnapshotGroupFault {
  readonly group: string | null;
  readonly error: KopsError;
}

/**
 * Takes the snapshot: groups first, then log starts, then the ends, so that no group's offset is beyond its cut because of the order.
 * @throws KOPS_TOPIC_NOT_FOUND for a selection that matches nothing; what the Kafka client throws.
 */
export async function takeSnapshot(
  kafka: KafkaClient,
  selection: NameSelection,
): Promise<ClusterSnapshot> {
  const cluster = await kafka.describeCluster();
  const all = await kafka.topics();
  const names = new Set(
    selectTopics(
      all.map((topic) => topic.name),
      selection,
    ),
  );
  const chosen = all
    .filter((topic) => names.has(topic.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const configs = await takeConfigs(kafka, [...names]);
  const { groups, groupFaults } = await takeGroups(kafka, names, all);
  const topics = await takeOffsets(kafka, cluster.clusterId, chosen, configs, faultMs);
  const liveTopics = new Set(all.map((topic) => topicIdOf(cluster.clusterId, topic)));
  return { cluster, topics, liveTopics, groups, groupFaults };
}

/** Configs of topics, or why they cannot be had: one denied topic must not cost the others. */
async function takeConfigs(
  kafka: KafkaClient,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly TopicConfigEntry[] | KopsError>> {
  if (names.length === 0) return new Map<string, never>();
  try {
    return await kafka.topicConfigs(names);
  } catch (error) {
    if (!KopsError.is(error, 'KOPS_ACCESS_DENIED') || error.at.topic === undefined) throw error;
    if (names.length === 1) return new Map(names.map((name) => [name, error]));
  }
  const each = await mapLimit(names, 8, (name) => takeConfigs(kafka, [name]));
  return new Map(each.flatMap((one) => [...one]));
}

/** Topics as they are now, without groups; partitions that have no leader are left out. @throws KOPS_TOPIC_NOT_FOUND when one is gone */
export async function takeTopics(
  kafka: KafkaClient,
  clusterId: string,
  names: readonly string[],
  { withConfigs = true }: { readonly withConfigs?: boolean } = {},
): Promise<TopicSnapshot[]> {
  const topics = await kafka.topics(names);
  const led = topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.filter(({ leader }) => leader >= 0),
  }));
  const configs = withConfigs ? await kafka.topicConfigs(names) : new Map<string, never>();
  return takeOffsets(kafka, clusterId, led, configs);
}

/** The id of a topic, derived where the cluster has none. */
export const topicIdOf = (clusterId: string, topic: TopicMetadata): TopicId =>
  topic.id ?? deriveTopicId(clusterId, topic.name);

/** Groups with their offsets. One whose coordinator does not answer must not cost the others. */
async function takeGroups(
  kafka: KafkaClient,
  topics: ReadonlySet<string>,
  all: readonly TopicMetadata[],
): Promise<Required<Pick<ClusterSnapshot, 'groups' | 'groupFaults'>>> {
  const listed = await kafka.listGroups();
  const groupFaults: SnapshotGroupFault[] = silentCoordinators(all);
  const taken = await mapLimit(listed, 8, async (group) => {
    try {
      return await takeGroup(kafka, group, topics);
    } catch (error) {
      if (!KopsError.is(error) || !isPartitionFault(error)) throw error;
      groupFaults.push({ group: group.group, error });
      return undefined;
    }
  });
  const groups = taken
    .filter((group) => group !== undefined)
    .filter((group) => group.offsets.length > 0)
    .sort((a, b) => (a.group < b.group ? -1 : 1));
  return { groups, groupFaults };
}

/** Brokers leave out of their lists the groups of partitions that nobody leads. */
function silentCoordinators(all: readonly TopicMetadata[]): SnapshotGroupFault[] {
  const offsets = all.find(({ name }) => name === '__consumer_offsets');
  const silent = offsets?.partitions.filter(({ leader }) => leader < 0) ?? [];
  if (silent.length === 0) return [];
  const numbers = silent.map(({ partition }) => partition).join(', ');
  const error = new KopsError(
    'KOPS_KAFKA_UNREACHABLE',
    `partitions of __consumer_offsets have no leader: ${numbers}`,
    { hint: 'Start the brokers that hold their replicas.' },
  );
  return [{ group: null, error }];
}

async function takeGroup(
  kafka: KafkaClient,
  group: GroupDescription,
  topics: ReadonlySet<string>,
): Promise<GroupManifest> {
  const committed = await kafka.committedOffsets(group.group, { deadlineMs: faultMs });
  return {
    group: group.group,
    state: group.state,
    protocolType: group.protocolType,
    offsets: committed
      .filter((offset) => topics.has(offset.topic) && offset.offset >= 0n)
      .map(({ topic, partition, offset, leaderEpoch, metadata }) => ({
        topic,
        partition,
        offset,
        leaderEpoch,
        metadata,
      })),
  };
}

async function takeOffsets(
  kafka: KafkaClient,
  clusterId: string,
  topics: readonly TopicMetadata[],
  configs: ReadonlyMap<string, readonly TopicConfigEntry[] | KopsError>,
  deadlineMs?: number,
): Promise<TopicSnapshot[]> {
  const partitions = topics.flatMap((topic) =>
    topic.partitions.map(({ partition }) => ({ topic: topic.name, partition })),
  );
  const faults = new Map<string, KopsError>();
  const ask = async (spec: OffsetSpec): Promise<Map<string, Offset>> => {
    // What has failed once would only take its time again.
    const sound = partitions.filter((one) => !faults.has(formatTopicPartition(one)));
    const onFault = (partition: TopicPartition, error: KopsError): void =>
      void faults.set(formatTopicPartition(partition), error);
    const options = deadlineMs === undefined ? [] : ([{ deadlineMs, onFault }] as const);
    const offsets = await kafka.listOffsets(sound, spec, ...options);
    return new Map(sound.map((one, index) => [formatTopicPartition(one), offsets[index] ?? -1n]));
  };
  const logStarts = await ask('earliest');
  const lastStable = await ask('lastStable');
  const highWatermarks = await ask('latest');
  return topics.map((topic) => ({
    name: topic.name,
    topicId: topicIdOf(clusterId, topic),
    derivedTopicId: topic.id === undefined,
    internal: topic.isInternal,
    replicationFactor: topic.partitions[0]?.replicas.length ?? 0,
    configs: known(configs.get(topic.name)),
    partitions: topic.partitions.map(({ partition, leader }) => {
      const key = formatTopicPartition({ topic: topic.name, partition });
      const refused = configs.get(topic.name);
      const fault = KopsError.is(refused) ? refused : faults.get(key);
      return {
        ...(fault === undefined ? {} : { fault }),
        partition,
        leader,
        logStart: logStarts.get(key) ?? -1n,
        lastStableOffset: lastStable.get(key) ?? -1n,
        highWatermark: highWatermarks.get(key) ?? -1n,
      };
    }),
  }));
}

function known(entries: readonly TopicConfigEntry[] | KopsError | undefined): TopicConfig[] {
  return entries === undefined || KopsError.is(entries)
    ? []
    : entries.map(({ name, value, source }) => ({ name, value, source }));
}

/** Value of a topic config in a snapshot or manifest; null where it is not known. */
export function configValue(configs: readonly TopicConfig[], name: string): string | null {
  return configs.find((config) => config.name === name)?.value ?? null;
}
