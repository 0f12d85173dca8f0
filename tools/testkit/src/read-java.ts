import { askJava, streamFromJava, type OracleTarget } from './java-oracle.ts';
import {
  parseOracleRecord,
  type OracleRecord,
  type OracleRecordJson,
  type PartitionOffset,
} from './oracle-record.ts';
import type { Offset, TopicPartition } from '@kops/core';

/** What to read. */
export interface ReadOptions {
  readonly topics: readonly string[];
  /** `read_uncommitted` unless given. */
  readonly isolation?: 'read_committed' | 'read_uncommitted';
  /** First offsets, where not from the log start. */
  readonly from?: readonly PartitionOffset[];
  /** Offsets to stop before, where not the end as it is when reading starts. */
  readonly to?: readonly PartitionOffset[];
  readonly timeoutMs?: number;
}

/**
 * Streams all records of topics as Kafka's Java consumer sees them: per partition in order, partitions interleaved.
 * Control records and, with read_committed, aborted records are not among them.
 * @throws KOPS_KAFKA_PROTOCOL with what the client says; KOPS_KAFKA_UNREACHABLE when time runs out.
 */
export async function* streamWithJava(
  target: OracleTarget,
  options: ReadOptions,
): AsyncGenerator<OracleRecord, void> {
  const { timeoutMs, ...request } = options;
  for await (const record of streamFromJava('read', target, { ...request }, timeoutMs)) {
    yield parseOracleRecord(record as OracleRecordJson);
  }
}

/**
 * Reads all records of topics with Kafka's Java consumer, sorted by topic, partition and offset.
 * @throws as {@link streamWithJava}.
 */
export async function readWithJava(
  target: OracleTarget,
  options: ReadOptions,
): Promise<OracleRecord[]> {
  const records: OracleRecord[] = [];
  for await (const record of streamWithJava(target, options)) records.push(record);
  return sortRecords(records);
}

/** Sorts in place by topic, partition and offset. */
export function sortRecords<T extends PartitionOffset>(records: T[]): T[] {
  return records.sort((a, b) => {
    if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
    if (a.partition !== b.partition) return a.partition - b.partition;
    return a.offset < b.offset ? -1 : Number(a.offset > b.offset);
  });
}

/** What a consumer group reads next in one partition. */
export interface NextRecord extends TopicPartition {
  /** Committed offset; null when the group committed none here. */
  readonly committed: Offset | null;
  /** The record that a consumer of the group gets next; null at the end of the partition. */
  readonly record: OracleRecord | null;
}

interface NextRecordJson extends TopicPartition {
  readonly committed: string | null;
  readonly record: OracleRecordJson | null;
}

/**
 * What a consumer in the group reads next in each partition of the topics. Joins no group and commits nothing.
 * @throws KOPS_KAFKA_PROTOCOL, also when a committed offset lies outside of the log.
 */
export async function nextRecordsWithJava(
  target: OracleTarget,
  group: string,
  topics: readonly string[],
  options: { readonly isolation?: 'read_committed' | 'read_uncommitted' } = {},
): Promise<NextRecord[]> {
  const rows = (await askJava('group.next', target, {
    group,
    topics,
    ...options,
  })) as NextRecordJson[];
  return rows.map((row) => ({
    ...row,
    committed: row.committed === null ? null : BigInt(row.committed),
    record: row.record === null ? null : parseOracleRecord(row.record),
  }));
}
