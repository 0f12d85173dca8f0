import { KopsError, type TopicId } from '@kops/core';
import type { Loss, SegmentEntry, SegmentList } from './schema.ts';

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** A list without segments. */
export function emptySegmentList(of: {
  cluster: string;
  topicId: TopicId;
  partition: number;
}): SegmentList {
  return {
    version: 1,
    cluster: of.cluster,
    topicId: of.topicId,
    partition: of.partition,
    segments: [],
  };
}

/**
 * The list with new segments after its own. Unchanged entries are shared, not copied.
 * @throws KOPS_OFFSET_MISMATCH when a slice would overlap the one before it.
 */
export function appendSegments(
  list: SegmentList,
  newEntries: readonly SegmentEntry[],
): SegmentList {
  let end = list.segments.at(-1)?.slice.end;
  for (const entry of newEntries) {
    if (end !== undefined && entry.slice.start < end) {
      throw new KopsError(
        'KOPS_OFFSET_MISMATCH',
        `a slice from offset ${entry.slice.start} overlaps what is archived up to ${end}`,
        {
          at: { partition: list.partition, segment: entry.key, offset: entry.slice.start },
          hint: 'Start the slice where the list ends, or cut the list first.',
        },
      );
    }
    end = entry.slice.end;
  }
  return { ...list, segments: [...list.segments, ...newEntries] };
}

/** Entries that show something of [from, to), each narrowed to it. Entries that are not narrowed are the list's own. */
export function visibleEntries(list: SegmentList, from: bigint, to: bigint): SegmentEntry[] {
  const visible: SegmentEntry[] = [];
  for (let index = firstEndingAfter(list.segments, from); index < list.segments.length; index++) {
    const entry = list.segments[index];
    if (entry === undefined || entry.slice.start >= to) break;
    const start = max(entry.slice.start, from);
    const end = min(entry.slice.end, to);
    if (start >= end) continue;
    const same = start === entry.slice.start && end === entry.slice.end;
    visible.push(same ? entry : { ...entry, slice: { ...entry.slice, start, end } });
  }
  return visible;
}

/** The list cut to [from, to): for a log start that moved, a truncated log, a window. */
export function sliceList(list: SegmentList, from: bigint, to: bigint): SegmentList {
  return { ...list, segments: visibleEntries(list, from, to) };
}

/** The list without the segments that are only evidence of damage: what there is to read. */
export function withoutDamaged(list: SegmentList): SegmentList {
  if (list.segments.every(({ damaged }) => damaged !== true)) return list;
  return { ...list, segments: list.segments.filter(({ damaged }) => damaged !== true) };
}

/** Index of the first entry whose slice ends after `offset`; entries are in offset order. */
function firstEndingAfter(entries: readonly SegmentEntry[], offset: bigint): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.slice.end ?? 0n) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Records in [from, to), control records included. Null where unknown: where a slice or the range cuts a segment that has holes of its own.
 */
export function countRecords(list: SegmentList, from: bigint, to: bigint): bigint | null {
  let total = 0n;
  for (const entry of visibleEntries(list, from, to)) {
    const present = recordsInSlice(entry);
    if (present === null) return null;
    total += present;
  }
  return total;
}

function recordsInSlice(entry: SegmentEntry): bigint | null {
  if (entry.damaged === true) return 0n;
  if (entry.records === null) return null;
  const span = entry.lastOffset + 1n - entry.baseOffset;
  const shown = entry.slice.end - entry.slice.start;
  // Without holes every offset is a record, so any part of the segment can be counted.
  if (shown === span || BigInt(entry.records) === span)
    return shown === span ? BigInt(entry.records) : shown;
  return null;
}

/** Offsets in [from, to) that the log itself lacks: neither records nor losses. Null where {@link countRecords} is. */
export function countHoles(
  list: SegmentList,
  from: bigint,
  to: bigint,
  losses: readonly Pick<Loss, 'from' | 'to'>[] = [],
): { offsets: bigint } | null {
  const records = countRecords(list, from, to);
  if (records === null) return null;
  const lost = losses.reduce((sum, loss) => sum + overlap(loss, from, to), 0n);
  return { offsets: max(0n, to - from) - records - lost };
}

/** Offsets in [from, to) that losses took from the log. What was truncated is another lineage's: its offsets may have been written again. */
export function lostWithin(
  losses: readonly Pick<Loss, 'from' | 'to' | 'reason'>[],
  from: bigint,
  to: bigint,
): bigint {
  return losses
    .filter(({ reason }) => reason !== 'truncation')
    .reduce((sum, loss) => sum + overlap(loss, from, to), 0n);
}

const overlap = (loss: Pick<Loss, 'from' | 'to'>, from: bigint, to: bigint): bigint =>
  max(0n, min(loss.to, to) - max(loss.from, from));

/**
 * Byte range of the plaintext that holds every batch that overlaps [from, to), by the sparse index:
 * it starts with a batch, and ends with one unless it reaches the segment's end.
 */
export function findIndexRange(
  entry: SegmentEntry,
  from: bigint,
  to: bigint,
): { start: number; end: number } {
  return {
    start: findIndexPosition(entry, from),
    end: entry.index.find(([offset]) => offset >= to)?.[2] ?? entry.plaintextBytes,
  };
}

/** Position of the last indexed batch that starts at or before `offset`: where a search for it begins. */
export function findIndexPosition(entry: SegmentEntry, offset: bigint): number {
  let low = 0;
  let high = entry.index.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entry.index[middle]?.[0] ?? 0n) <= offset) low = middle + 1;
    else high = middle;
  }
  return entry.index[low - 1]?.[2] ?? 0;
}
