import type { Offset, TopicPartition } from '@kops/core';
import { askJava, type OracleTarget } from './java-oracle.ts';
import type { PartitionOffset } from './oracle-record.ts';

/** A topic to create. */
export interface TopicSpec {
  readonly topic: string;
  readonly partitions?: number;
  readonly replicationFactor?: number;
  /** Broker ids by partition, in place of number and factor. */
  readonly assignments?: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string>>;
}

/** A topic as the cluster describes it. */
export interface TopicState {
  readonly topic: string;
  /** Topic id as Kafka prints it (URL-safe base64). */
  readonly topicId: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number | null;
    readonly replicas: readonly number[];
    readonly isr: readonly number[];
  }[];
}

/** First offset and end of a partition; with read_committed the end is the last stable offset. */
export interface PartitionRange extends TopicPartition {
  readonly start: Offset;
  readonly end: Offset;
}

/** An offset that a group committed. */
export interface CommittedOffset extends PartitionOffset {
  readonly metadata?: string;
  readonly leaderEpoch?: number | null;
}

/** An ACL, named as `kafka-acls` names them: resource type `TOPIC`, operation `READ`, permission `ALLOW` … */
export interface AclSpec {
  readonly resourceType: string;
  readonly resourceName: string;
  readonly patternType?: string;
  readonly principal: string;
  readonly host?: string;
  readonly operation: string;
  readonly permission?: string;
}

/** Kafka's Java admin client, as far as tests need it. Everything throws KOPS_KAFKA_PROTOCOL with what it says. */
export interface KafkaAdmin {
  /** Creates a topic and waits until each partition has a leader. Returns the topic id. */
  createTopic(spec: TopicSpec): Promise<string>;
  deleteTopics(...topics: string[]): Promise<void>;
  listTopics(): Promise<string[]>;
  describeTopics(...topics: string[]): Promise<TopicState[]>;
  addPartitions(topic: string, total: number): Promise<void>;
  listOffsets(
    topics: readonly string[],
    isolation?: 'read_committed' | 'read_uncommitted',
  ): Promise<PartitionRange[]>;
  /** Moves log starts forward. */
  deleteRecords(before: readonly PartitionOffset[]): Promise<void>;
  /** What was set on the topic itself; with `all` also its defaults. */
  listTopicConfig(
    topic: string,
    options?: { readonly all?: boolean },
  ): Promise<Record<string, string>>;
  /** Sets; null unsets. */
  alterTopicConfig(topic: string, configs: Readonly<Record<string, string | null>>): Promise<void>;
  alterBrokerConfig(
    broker: number,
    configs: Readonly<Record<string, string | null>>,
  ): Promise<void>;
  listGroups(): Promise<string[]>;
  deleteGroups(...groups: string[]): Promise<void>;
  commitOffsets(group: string, offsets: readonly CommittedOffset[]): Promise<void>;
  listGroupOffsets(group: string): Promise<CommittedOffset[]>;
  createAcls(acls: readonly AclSpec[]): Promise<void>;
  listAcls(): Promise<Required<AclSpec>[]>;
}

type Json<T> = { readonly [K in keyof T]: T[K] extends bigint ? string : T[K] };

/** The admin client of a cluster. Holds nothing open between calls. */
export function kafkaAdmin(target: OracleTarget): KafkaAdmin {
  const ask = async (op: string, parameters: object = {}): Promise<unknown> =>
    await askJava(op, target, { ...parameters });
  const tell = async (op: string, parameters: object): Promise<void> => {
    await ask(op, parameters);
  };
  return {
    createTopic: async (spec) => ((await ask('topic.create', spec)) as { topicId: string }).topicId,
    deleteTopics: async (...topics) => {
      await tell('topic.delete', { topics });
    },
    listTopics: async () => (await ask('topic.list')) as string[],
    describeTopics: async (...topics) => (await ask('topic.describe', { topics })) as TopicState[],
    addPartitions: async (topic, partitions) => {
      await tell('topic.addPartitions', { topic, partitions });
    },
    listOffsets: async (topics, isolation = 'read_uncommitted') => {
      const rows = (await ask('topic.offsets', { topics, isolation })) as Json<PartitionRange>[];
      return rows.map((row) => ({ ...row, start: BigInt(row.start), end: BigInt(row.end) }));
    },
    deleteRecords: async (before) => {
      await tell('records.delete', { before });
    },
    ...configMethods(ask, tell),
    ...groupMethods(ask, tell),
    createAcls: async (acls) => {
      await tell('acl.create', { acls });
    },
    listAcls: async () => (await ask('acl.list')) as Required<AclSpec>[],
  };
}

type Ask = (op: string, parameters?: object) => Promise<unknown>;
type Tell = (op: string, parameters: object) => Promise<void>;

function configMethods(
  ask: Ask,
  tell: Tell,
): Pick<KafkaAdmin, 'listTopicConfig' | 'alterTopicConfig' | 'alterBrokerConfig'> {
  return {
    listTopicConfig: async (topic, options = {}) =>
      (await ask('config.list', { topic, ...options })) as Record<string, string>,
    alterTopicConfig: async (topic, configs) => {
      await tell('config.alter', { topic, configs });
    },
    alterBrokerConfig: async (broker, configs) => {
      await tell('config.alter', { broker: String(broker), configs });
    },
  };
}

function groupMethods(
  ask: Ask,
  tell: Tell,
): Pick<KafkaAdmin, 'listGroups' | 'deleteGroups' | 'commitOffsets' | 'listGroupOffsets'> {
  return {
    listGroups: async () => (await ask('group.list')) as string[],
    deleteGroups: async (...groups) => {
      await tell('group.delete', { groups });
    },
    commitOffsets: async (group, offsets) => {
      await tell('group.commit', { group, offsets });
    },
    listGroupOffsets: async (group) => {
      const rows = (await ask('group.offsets', { group })) as Json<CommittedOffset>[];
      return rows.map((row) => ({ ...row, offset: BigInt(row.offset) }));
    },
  };
}
