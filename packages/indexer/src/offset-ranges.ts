/** Offsets in [from, to). */
export interface OffsetRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** The ranges and one more, ascending and without overlaps; those that touch are joined. */
export function addRange(ranges: readonly OffsetRange[], added: OffsetRange): OffsetRange[] {
  if (added.from >= added.to) return [...ranges];
  let { from, to } = added;
  const before: OffsetRange[] = [];
  const after: OffsetRange[] = [];
  for (const range of ranges) {
    if (range.to < from) before.push(range);
    else if (range.from > to) after.push(range);
    else {
      from = range.from < from ? range.from : from;
      to = range.to > to ? range.to : to;
    }
  }
  return [...before, { from, to }, ...after];
}

/** What is left of ranges without others. */
export function subtractRanges(
  ranges: readonly OffsetRange[],
  removed: readonly OffsetRange[],
): OffsetRange[] {
  return removed.reduce<readonly OffsetRange[]>(
    (left, hole) => left.flatMap((range) => subtractRange(range, hole)),
    ranges,
  ) as OffsetRange[];
}

function subtractRange(range: OffsetRange, hole: OffsetRange): OffsetRange[] {
  if (hole.to <= range.from || hole.from >= range.to) return [range];
  return [
    { from: range.from, to: hole.from },
    { from: hole.to, to: range.to },
  ].filter(({ from, to }) => from < to);
}

/** What both have. */
export function intersectRanges(
  ranges: readonly OffsetRange[],
  others: readonly OffsetRange[],
): OffsetRange[] {
  return subtractRanges(ranges, subtractRanges(ranges, others));
}
