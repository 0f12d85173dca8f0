import type { TopicId, TopicPartition } from '@kops/core';

/** Where the records of one partition come from: what their documents have in common. */
export interface RecordSource extends TopicPartition {
  readonly cluster: string;
  readonly topicId: TopicId;
  /** The archive that is being indexed; a record that several archives show names the first. */
  readonly archive: string;
  /** Object key of the segment. */
  readonly segment: string;
}

/** What a schema registry made of serialized bytes. */
export interface DecodedValue {
  /** The value as JSON text; masks and limits hold for it as for JSON that was produced. */
  readonly json: string;
  readonly format: 'avro' | 'protobuf' | 'json-schema';
  readonly schemaId: number;
}

/** Key and value of a record as a schema registry decoded them, where it did. */
export interface DecodedRecord {
  readonly key?: DecodedValue;
  readonly value?: DecodedValue;
}
