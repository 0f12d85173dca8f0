import type { RecordPrint } from './record-print.ts';

/** Records that must be equal in a row before two streams count as found again. */
const confirmations = 3;

/** How many records to pass on each side until both go on equal. */
export interface Alignment {
  readonly source: number;
  readonly target: number;
}

/** Records ahead on one side, and whether these are the last. */
export interface Window {
  readonly records: readonly RecordPrint[];
  readonly isEnd: boolean;
}

/**
 * Finds the smallest number of records to pass so that both sides go on equal: one dropped record is then one difference and not all that
 * follow. Near the end there may be too few records to be sure; a place where both sides end together is trusted before one where a side
 * goes on alone. Undefined when nothing fits within the windows.
 */
export function findAlignment(source: Window, target: Window): Alignment | undefined {
  return smallest(source, target, isConfirmed) ?? smallest(source, target, isPossible);
}

type Test = (source: Window, target: Window, at: Alignment) => boolean;

function smallest(source: Window, target: Window, fits: Test): Alignment | undefined {
  const most = source.records.length + target.records.length;
  for (let passed = 1; passed <= most; passed++) {
    const least = Math.max(0, passed - target.records.length);
    for (let skip = least; skip <= Math.min(passed, source.records.length); skip++) {
      const candidate = { source: skip, target: passed - skip };
      if (fits(source, target, candidate)) return candidate;
    }
  }
  return undefined;
}

/** Enough records are equal, or all that are left of both sides. Of the last two that were swapped, one alone would look like a duplicate. */
function isConfirmed(source: Window, target: Window, at: Alignment): boolean {
  const sourceLeft = source.records.length - at.source;
  const targetLeft = target.records.length - at.target;
  const endTogether = sourceLeft === targetLeft && source.isEnd && target.isEnd;
  const enough = Math.min(sourceLeft, targetLeft) >= confirmations;
  return (enough || endTogether) && goOnEqual(source, target, at);
}

function isPossible(source: Window, target: Window, at: Alignment): boolean {
  const hasBoth = at.source < source.records.length && at.target < target.records.length;
  return hasBoth && goOnEqual(source, target, at);
}

/** As far as there are records on both sides, up to {@link confirmations}. */
function goOnEqual(source: Window, target: Window, at: Alignment): boolean {
  for (let index = 0; index < confirmations; index++) {
    const a = source.records[at.source + index]?.digest;
    const b = target.records[at.target + index]?.digest;
    if (a === undefined || b === undefined) return true;
    if (a !== b) return false;
  }
  return true;
}
