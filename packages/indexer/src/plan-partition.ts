import { findIndexRange, type SegmentEntry } from '@kops/archive-format';
import { subtractRanges, type OffsetRange } from './offset-ranges.ts';

/** What is to be indexed of one partition. */
export interface PartitionPlan {
  /** Entries narrowed to pieces, in offset order. */
  readonly pieces: readonly SegmentEntry[];
  /** Where the first piece begins; set if some segment from there on holds records of transactions. */
  readonly transactionsFrom: bigint | undefined;
}

/** Decides what of an archive's visible segments is missing in the catalog, in pieces of about `pieceBytes`. */
export function planPartition(
  segments: readonly SegmentEntry[],
  coveredOf: (segment: string) => readonly OffsetRange[],
  pieceBytes: number,
): PartitionPlan {
  const pieces = segments.flatMap((entry) =>
    missingRanges(entry, coveredOf(entry.key)).flatMap((range) => [
      ...splitRange(entry, range, pieceBytes),
    ]),
  );
  const from = pieces[0]?.slice.start;
  const isTransactional =
    from !== undefined &&
    segments.some(({ transactional, slice }) => transactional && slice.end > from);
  return { pieces, transactionsFrom: isTransactional ? from : undefined };
}

/** What of an entry's slice is not covered. */
export function missingRanges(
  { slice }: SegmentEntry,
  covered: readonly OffsetRange[],
): OffsetRange[] {
  return subtractRanges([{ from: slice.start, to: slice.end }], covered);
}

/** Cuts a range of a segment where indexed batches begin, so that no batch is read twice. */
function* splitRange(
  entry: SegmentEntry,
  { from, to }: OffsetRange,
  pieceBytes: number,
): Generator<SegmentEntry> {
  let start = from;
  let startPosition = findIndexRange(entry, from, to).start;
  for (const [offset, , position] of entry.index) {
    if (offset <= start || offset >= to) continue;
    if (position - startPosition < pieceBytes) continue;
    yield narrow(entry, start, offset);
    start = offset;
    startPosition = position;
  }
  yield narrow(entry, start, to);
}

/** The entry with a smaller slice, and of its index only what is needed to read that. */
function narrow(entry: SegmentEntry, start: bigint, end: bigint): SegmentEntry {
  const bytes = findIndexRange(entry, start, end);
  return {
    ...entry,
    slice: { ...entry.slice, start, end },
    index: entry.index.filter(([, , position]) => position >= bytes.start && position <= bytes.end),
  };
}

/** Plaintext bytes that are read for a range of an entry. */
export function bytesOf(entry: SegmentEntry): number {
  const { start, end } = findIndexRange(entry, entry.slice.start, entry.slice.end);
  return end - start;
}

/** Records of an entry's slice, control records included: by the share of its offsets where nothing better is known. */
export function recordsOf({ records, slice, baseOffset, lastOffset }: SegmentEntry): number {
  const span = Number(lastOffset + 1n - baseOffset);
  const share = span <= 0 ? 0 : Number(slice.end - slice.start) / span;
  return Math.round((records ?? span) * Math.min(1, share));
}
