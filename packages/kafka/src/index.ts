/**
 * Apache Kafka for kops: raw batches out and in, metadata, groups. The only importer of kafkajs.
 * @module
 */
export { connectKafka } from './connect-kafka.ts';
export type {
  AppendedBatch,
  Broker,
  ClusterDescription,
  CommittedOffset,
  FetchRequest,
  FetchResult,
  GroupDescription,
  KafkaClient,
  KafkaOptions,
  NewTopic,
  ValidatedTopic,
  OffsetForLeaderEpoch,
  OffsetSpec,
  PartitionMetadata,
  ProduceLane,
  ProduceLaneOptions,
  ProduceListener,
  ProduceRequest,
  ProduceResult,
  ProducerIdentity,
  SaslOptions,
  ThrottleNotice,
  TlsOptions,
  TopicConfigEntry,
  TopicMetadata,
} from './port.ts';
