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

/* brokers => node_id: INT32, host: STRING, port: INT32, rack: NULLABLE_STRING */
const decodeBroker = (r: Reader): BrokerEntry => ({
  id: r.int32(),
  host: r.string(),
  port: r.int32(),
  rack: r.nullableString(),
});

/*
 * partitions => error_code: INT16, partition_index: INT32, leader_id: INT32, leader_epoch: INT32,
 *   replica_nodes: [INT32], isr_nodes: [INT32], offline_replicas: [INT32]
 */
const decodePartition = (r: Reader): PartitionEntry => {
  const partition = {
    errorCode: r.int16(),
    partition: r.int32(),
    leader: r.int32(),
    leaderEpoch: r.int32(),
    replicas: r.array(() => r.int32()),
    isr: r.array(() => r.int32()),
  };
  r.array(() => r.int32());
  return partition;
};

/* topics => error_code: INT16, name: STRING, is_internal: BOOLEAN, partitions: [partition] */
const decodeTopic = (r: Reader): TopicEntry => ({
  errorCode: r.int16(),
  name: r.string(),
  topicId: zeroTopicId,
  isInternal: r.boolean(),
  partitions: r.array(decodePartition),
});

/*
 * Metadata Request (v7) => [topics] allow_auto_topic_creation
 *   topics => STRING                            null: all topics
 *   allow_auto_topic_creation => BOOLEAN
 * Metadata Response (v7) => throttle_time_ms: INT32, brokers: [broker], cluster_id: NULLABLE_STRING,
 *   controller_id: INT32, topics: [topic]
 *
 * For brokers before 2.8; the first version with leader epochs (KIP-320).
 */
export const metadataV7: Api<MetadataRequest, MetadataResponse> = {
  key: 3,
  name: 'Metadata',
  version: 7,
  isFlexible: false,
  rights: { topic: 'DESCRIBE' },
  encode: ({ topics }, w) => w.array(topics, (name) => w.string(name)).boolean(false),
  decode: (r) => ({
    throttleMs: r.int32(),
    brokers: r.array(decodeBroker),
    clusterId: r.nullableString(),
    controllerId: r.int32(),
    topics: r.array(decodeTopic),
  }),
};
