import { zeroTopicId } from '@kops/core';
import type { Api } from '../wire/api.ts';
import type { Reader } from '../wire/reader.ts';
import type {
  BrokerEntry,
  MetadataRequest,
  MetadataResponse,
  PartitionEntry,
  TopicEntry,
} from './metadata.ts';

/* brokers => node_id: INT32, host: COMPACT_STRING, port: INT32, rack: COMPACT_NULLABLE_STRING, TAG_BUFFER */
const decodeBroker = (r: Reader): BrokerEntry => {
  const broker = {
    id: r.int32(),
    host: r.compactString(),
    port: r.int32(),
    rack: r.compactNullableString(),
  };
  r.tags();
  return broker;
};

/*
 * partitions => error_code: INT16, partition_index: INT32, leader_id: INT32, leader_epoch: INT32,
 *   replica_nodes: [INT32], isr_nodes: [INT32], offline_replicas: [INT32], TAG_BUFFER
 */
const decodePartition = (r: Reader): PartitionEntry => {
  const partition = {
    errorCode: r.int16(),
    partition: r.int32(),
    leader: r.int32(),
    leaderEpoch: r.int32(),
    replicas: r.compactArray(() => r.int32()),
    isr: r.compactArray(() => r.int32()),
  };
  r.compactArray(() => r.int32());
  r.tags();
  return partition;
};

/*
 * topics => error_code: INT16, name: COMPACT_STRING, topic_id: UUID, is_internal: BOOLEAN,
 *   partitions: [partition], topic_authorized_operations: INT32, TAG_BUFFER
 */
const decodeTopic = (r: Reader): TopicEntry => {
  const topic = {
    errorCode: r.int16(),
    name: r.compactString(),
    topicId: r.uuid(),
    isInternal: r.boolean(),
    partitions: r.compactArray(decodePartition),
  };
  r.int32();
  r.tags();
  return topic;
};

/*
 * Metadata Request (v10) => [topics] allow_auto_topic_creation include_cluster_authorized_operations
 *                           include_topic_authorized_operations TAG_BUFFER
 *   topics => topic_id: UUID, name: COMPACT_NULLABLE_STRING, TAG_BUFFER            null: all topics
 *   the rest => BOOLEAN
 * Metadata Response (v10) => throttle_time_ms: INT32, brokers: [broker], cluster_id: COMPACT_NULLABLE_STRING,
 *   controller_id: INT32, topics: [topic], cluster_authorized_operations: INT32, TAG_BUFFER
 *
 * The first version with topic ids (KIP-516, Kafka 2.8). Asking never creates a topic.
 */
export const metadataV10: Api<MetadataRequest, MetadataResponse> = {
  key: 3,
  name: 'Metadata',
  version: 10,
  isFlexible: true,
  rights: { topic: 'DESCRIBE' },
  encode: ({ topics }, w) =>
    w
      .compactArray(topics, (name) => w.uuid(zeroTopicId).compactString(name).noTags())
      .boolean(false)
      .boolean(false)
      .boolean(false)
      .noTags(),
  decode: (r) => ({
    throttleMs: r.int32(),
    brokers: r.compactArray(decodeBroker),
    clusterId: r.compactNullableString(),
    controllerId: r.int32(),
    topics: r.compactArray(decodeTopic),
  }),
};
