import { intersectRanges, subtractRanges, type OffsetRange } from './offset-ranges.ts';
import { mixedRules, type SegmentState } from './state/index-state.ts';

/** A segment of which less is covered than before; its records are counted by the share of its offsets. */
export function withLessCovered(
  segment: SegmentState,
  covered: readonly OffsetRange[],
): SegmentState {
  const before = offsetsOf(segment.covered);
  const share = before === 0 ? 0 : offsetsOf(covered) / before;
  return { ...segment, covered, documents: Math.round(segment.documents * share) };
}

function offsetsOf(ranges: readonly OffsetRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0);
}

/** Whether ranges have all of others. */
export function hasAll(ranges: readonly OffsetRange[], others: readonly OffsetRange[]): boolean {
  return subtractRanges(others, ranges).length === 0;
}

/** Whether two have something in common. */
export function overlap(ranges: readonly OffsetRange[], others: readonly OffsetRange[]): boolean {
  return intersectRanges(ranges, others).length > 0;
}

/** Stands before the fingerprint of rules while a segment is written anew by them. */
const rewriting = 'rewriting by ';

/** What is known of the rules of a segment's documents when some are about to be written by these. */
export function rulesBefore({ rules, covered, written }: SegmentState, current: string): string {
  if (rules === current || written.length === 0) return current;
  const anew = rewriting + current;
  return rules === anew || covered.length === 0 ? anew : mixedRules;
}

/** The same once some were written: what was there before is gone when all of it was written anew. */
export function rulesAfter({ rules, covered, written }: SegmentState, current: string): string {
  if (rules === rewriting + current && hasAll(covered, written)) return current;
  return rules ?? mixedRules;
}
