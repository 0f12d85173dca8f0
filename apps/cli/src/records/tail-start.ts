import { throwIfAborted } from '@kops/core';
import type { Archive } from '@kops/repository';
import { recordTest, type RecordRange } from './print-records.ts';

/** Records of a tail: their offsets are kept in memory. */
export const maxTail = 1_000_000;

/** By how much more is looked at where too few records were found. */
const growth = 4n;

/**
 * The offset of the first of the last `count` records of a range. Looks at the end of the partition first, and at more of it only where
 * that has too few.
 */
export async function tailStart(
  archive: Archive,
  range: RecordRange,
  count: number,
  signal: AbortSignal,
): Promise<bigint> {
  const { cut } = archive.partition(range.topic, range.partition);
  for (let width = BigInt(count); ; width *= growth) {
    const from = cut - width > range.from ? cut - width : range.from;
    const found = await lastOffsets(archive, { ...range, from }, count, signal);
    if (found.length === count || from === range.from) return found[0] ?? cut;
  }
}

/** Offsets of the last records of a range, `count` at most. */
async function lastOffsets(
  archive: Archive,
  range: RecordRange,
  count: number,
  signal: AbortSignal,
): Promise<bigint[]> {
  const { topic, partition, from, isolation } = range;
  const isWanted = recordTest(range);
  const ring: bigint[] = [];
  let found = 0;
  for await (const run of archive.readRecordRuns({ topic, partition, from, isolation, signal })) {
    for (const record of run) {
      throwIfAborted(signal);
      if (isWanted(record)) ring[found++ % count] = record.offset;
    }
  }
  const oldest = found % count;
  return found <= count ? ring : [...ring.slice(oldest), ...ring.slice(0, oldest)];
}
