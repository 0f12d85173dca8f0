/**
 * What the tests on real brokers stand on: throwaway clusters, fixtures made by foreign clients, and a second opinion
 * that shares no code with what is tested.
 * @module
 */
export {
  assertSameRecords,
  compareRecords,
  contentFields,
  type CompareOptions,
  type RecordComparison,
  type RecordField,
} from './compare-records.ts';
export { type OracleTarget } from './java-oracle.ts';
export {
  kafkaAdmin,
  type AclSpec,
  type CommittedOffset,
  type KafkaAdmin,
  type PartitionRange,
  type TopicSpec,
  type TopicState,
} from './kafka-admin.ts';
export {
  toBase64,
  type OracleHeader,
  type OracleRecord,
  type OracleTimestampType,
  type PartitionOffset,
} from './oracle-record.ts';
export {
  openJavaProducer,
  produceWithJava,
  sendAll,
  type Content,
  type GenerateStep,
  type JavaProducer,
  type ProducerOptions,
  type ProduceStep,
  type SendOffsetsStep,
  type SendStep,
} from './produce-java.ts';
export {
  nextRecordsWithJava,
  readWithJava,
  sortRecords,
  streamWithJava,
  type NextRecord,
  type ReadOptions,
} from './read-java.ts';
export { readWithKcat, type KcatOptions, type KcatOutcome, type KcatRecord } from './read-kcat.ts';
export {
  sandboxElasticsearch,
  type ElasticsearchSuiteHooks,
  type SandboxElasticsearch,
  type SandboxElasticsearchOptions,
} from './sandbox-elasticsearch.ts';
export { sandboxKafka, startSandboxKafka, withKafka, type SuiteHooks } from './sandbox-kafka.ts';
export { startKafka, type KafkaCluster, type KafkaOptions } from '@kops/kafka-dist';
export {
  basicAuthorization,
  type ElasticsearchNode,
  type ElasticsearchOptions,
} from '@kops/elasticsearch-dist';
