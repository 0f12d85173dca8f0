import { KopsError, throwIfAborted, type ErrorCode } from '@kops/core';
import type { KafkaRecord } from '@kops/record-batch';
import type { Archive } from '@kops/repository';
import {
  bytesBefore,
  readSegment,
  scannedPartitions,
  segmentsOf,
  type ScannedPartition,
  type ScannedSegment,
  type ScanRequest,
} from './scan-segments.ts';

/** How far a search through segments is. */
export interface ScanProgress {
  /** Bytes of partitions that were looked through, or need not be, and of all. */
  readonly done: bigint;
  readonly total: bigint;
  readonly records: bigint;
  readonly at: ScannedPartition;
}

/** What is done with records on the way. */
export interface FindListener {
  /** Called with each record that matches, in the order of topics, partitions and offsets. The record is a view that does not last. */
  readonly onFound: (record: KafkaRecord, at: ScannedPartition) => Promise<void>;
  /** Called after each run of batches. */
  readonly onRun: (progress: ScanProgress) => Promise<void>;
  /** Whether enough was found. */
  readonly isEnough: () => boolean;
  /** Called when a segment or a list cannot be read because it is damaged or gone; the search goes on behind it. */
  readonly onDamage: (error: KopsError) => void;
}

const damages: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'KOPS_BATCH_CORRUPT',
  'KOPS_MANIFEST_INVALID',
  'KOPS_OBJECT_CORRUPT',
  'KOPS_OBJECT_NOT_FOUND',
]);

/** Looks through an archive, segment by segment, in constant memory. Returns how many records were looked at. */
export async function findRecords(
  archive: Archive,
  request: ScanRequest,
  matches: (record: KafkaRecord) => boolean,
  listener: FindListener,
  signal: AbortSignal,
): Promise<bigint> {
  const { onFound, onRun, onDamage, isEnough } = listener;
  const partitions = scannedPartitions(archive, request);
  const total = partitions.reduce((sum, { bytes }) => sum + bytes, 0n);
  let before = 0n;
  let records = 0n;

  const search = async (of: ScannedSegment): Promise<void> => {
    for await (const run of readSegment(archive, of, request, signal)) {
      let offset = of.segment.slice.start;
      for (const record of run) {
        records++;
        offset = record.offset;
        if (!matches(record)) continue;
        await onFound(record, of.at);
        // A run of records that compress well is long.
        throwIfAborted(signal);
        if (isEnough()) return;
      }
      await onRun({ done: before + bytesBefore(of.at, offset), total, records, at: of.at });
      if (isEnough()) return;
    }
  };

  for (const at of partitions) {
    for (const segment of await orDamage(segmentsOf(archive, at, request), [], onDamage)) {
      await orDamage(search(segment), undefined, onDamage);
      if (isEnough()) return records;
    }
    before += at.bytes;
  }
  return records;
}

/** What a promise gives, or else something in its place where data is damaged. */
async function orDamage<T>(
  work: Promise<T>,
  instead: T,
  onDamage: (error: KopsError) => void,
): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (!KopsError.is(thrown) || !damages.has(thrown.code)) throw thrown;
    onDamage(thrown);
    return instead;
  }
}
