import { throwIfAborted } from '@kops/core';
import type { Archive } from '@kops/repository';
import type { TextOutput } from '../output/text-output.ts';
import type { RecordWriter } from './record-writer.ts';
import { showRecord } from './shown-record.ts';

/** Which records. */
export interface RecordRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  /** All if absent. */
  readonly count?: number | undefined;
  readonly isolation: 'read_committed' | 'read_uncommitted';
}

/** Writes records of an archive from an offset on, until there are enough, no more, or the reader is gone. */
export async function printRecords(
  archive: Archive,
  range: RecordRange,
  writer: RecordWriter,
  output: TextOutput,
  signal: AbortSignal,
): Promise<void> {
  const { topic, partition, from, isolation, count = Number.POSITIVE_INFINITY } = range;
  if (count === 0) return;
  for await (const run of archive.readRecordRuns({ topic, partition, from, isolation, signal })) {
    for (const record of run) {
      // Not only once a run: one of records that compress well is long.
      throwIfAborted(signal);
      await writer.add(showRecord(record));
      if (writer.count >= count || output.isGone) return;
    }
  }
}
