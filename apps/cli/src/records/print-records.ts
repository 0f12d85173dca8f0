import { throwIfAborted } from '@kops/core';
import type { KafkaRecord } from '@kops/record-batch';
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
  /** Times in ms since the epoch; from is included, to is not. */
  readonly fromTime?: bigint | undefined;
  readonly toTime?: bigint | undefined;
  /** Only records with this key. */
  readonly key?: string | undefined;
}

/** A test of whether a record is one of those that are asked for. */
export function recordTest({
  fromTime,
  toTime,
  key,
}: RecordRange): (record: KafkaRecord) => boolean {
  const wanted = key === undefined ? undefined : Buffer.from(key, 'utf8');
  return ({ timestamp, key: there }) =>
    (fromTime === undefined || timestamp >= fromTime) &&
    (toTime === undefined || timestamp < toTime) &&
    (wanted === undefined || (there !== null && wanted.equals(there)));
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
  const isWanted = recordTest(range);
  for await (const run of archive.readRecordRuns({ topic, partition, from, isolation, signal })) {
    for (const record of run) {
      // Not only once a run: one of records that compress well is long.
      throwIfAborted(signal);
      if (!isWanted(record)) continue;
      await writer.add(showRecord(record));
      if (writer.count >= count || output.isGone) return;
    }
  }
}
