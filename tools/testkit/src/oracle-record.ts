import type { Offset, TopicPartition } from '@kops/core';

/** A header as it is in the record: order and duplicates kept; the value is base64 or null. */
export type OracleHeader = readonly [key: string, value: string | null];

/** Names as Kafka's own tools print them. */
export type OracleTimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType';

/** A record as a foreign client sees it. Bytes are base64, so that records compare and print as they are. */
export interface OracleRecord extends TopicPartition {
  readonly offset: Offset;
  /** Milliseconds since the epoch; -1 for none. */
  readonly timestamp: bigint;
  readonly timestampType: OracleTimestampType;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly OracleHeader[];
  /** Null where the client does not tell. */
  readonly leaderEpoch: number | null;
}

/** A partition and an offset in it. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: Offset;
}

/** An {@link OracleRecord} as it comes over a line of JSON. */
export interface OracleRecordJson extends TopicPartition {
  readonly offset: string;
  readonly timestamp: string;
  readonly timestampType: OracleTimestampType;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly OracleHeader[];
  readonly leaderEpoch: number | null;
}

export function parseOracleRecord(json: OracleRecordJson): OracleRecord {
  return { ...json, offset: BigInt(json.offset), timestamp: BigInt(json.timestamp) };
}

/** Base64 of bytes or of a string's UTF-8; null stays null. */
export function toBase64(bytes: string | Uint8Array | null | undefined): string | null {
  if (bytes === null || bytes === undefined) return null;
  if (typeof bytes === 'string') return Buffer.from(bytes, 'utf8').toString('base64');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
