import type {
  ArchiveCommit,
  Manifest,
  PartitionManifest,
  SegmentEntry,
  SegmentList,
} from '@kops/archive-format';
import type { TopicPartition } from '@kops/core';
import type { KafkaRecord, RecordBatchView } from '@kops/record-batch';
import type { AbortedTransactions } from './aborted-transactions.ts';
import type { Repository } from './repository.ts';

/** Offsets of a partition to read: [from, to), cut to what the archive shows. */
export interface ReadRange extends TopicPartition {
  readonly from?: bigint;
  readonly to?: bigint;
  readonly signal?: AbortSignal;
}

/** How to read batches. */
export interface ReadBatchesOptions extends ReadRange {
  /** Whether each batch's CRC-32C and fields are checked. Default true. */
  readonly validate?: boolean;
}

/** A batch at its place. `batch` is a view that is valid until the next one is asked for: copy what must live longer. */
export interface LocatedBatch {
  readonly batch: RecordBatchView;
  readonly segment: SegmentEntry;
  /** Byte position of the batch in the segment's plaintext. */
  readonly position: number;
}

/** Consecutive whole batches as they came from the store, valid until the next run is asked for. */
export interface BatchRun {
  /** Whole batches, one after the other. */
  readonly bytes: Uint8Array;
  readonly segment: SegmentEntry;
  /** Byte position of the first batch in the segment's plaintext. */
  readonly position: number;
}

/** How to read records. */
export interface ReadRecordsOptions extends ReadRange {
  /** Default `read_committed`: no records of aborted or unfinished transactions. */
  readonly isolation?: 'read_committed' | 'read_uncommitted';
  /** The partition's transactions if they were scanned already; else `read_committed` looks ahead as far as it needs to. */
  readonly transactions?: AbortedTransactions;
}

/** An archive opened for reading. Memory is bounded by one list, one piece and one batch per reading. */
export interface Archive {
  readonly repository: Repository;
  readonly ref: ArchiveCommit;
  readonly manifest: Manifest;

  /** @throws KOPS_TOPIC_NOT_FOUND */
  partition(topic: string, partition: number): PartitionManifest;

  /** The partition's list, narrowed to what the archive shows; empty when it shows nothing. The last one read is kept. */
  segments(at: TopicPartition): Promise<SegmentList>;

  /**
   * Visible batches: all that overlap the range and a slice, in offset order; a batch at the range's edge comes whole.
   * Seeks by the sparse index. Batches inside a piece of the store are views of it.
   * @throws KOPS_OBJECT_CORRUPT, KOPS_BATCH_CORRUPT with archive, topic, partition, segment and offset; KOPS_OBJECT_NOT_FOUND
   */
  readBatches(options: ReadBatchesOptions): AsyncIterable<LocatedBatch>;

  /**
   * The same as {@link readBatches}, run by run: nothing is asynchronous inside of a run, which is faster where batches are small.
   * Take each run whole before the next is asked for.
   */
  readRuns(options: ReadBatchesOptions): AsyncIterable<Iterable<LocatedBatch>>;

  /**
   * Records inside the range and the slices, in offset order; never of control batches. Seeks by the sparse index.
   * Key, value and headers may be views of the batch, valid until the next record is asked for.
   */
  readRecords(options: ReadRecordsOptions): AsyncIterable<KafkaRecord>;

  /** The same as {@link readRecords}, run by run. Take each run whole before the next is asked for. */
  readRecordRuns(options: ReadRecordsOptions): AsyncIterable<Iterable<KafkaRecord>>;

  /** Which transactions of the partition were aborted or not finished at the cut. Reads transactional segments only. */
  scanTransactions(
    at: TopicPartition,
    options?: { signal?: AbortSignal },
  ): Promise<AbortedTransactions>;
}
