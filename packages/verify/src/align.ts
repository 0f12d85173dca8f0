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
 * follow. Undefined when nothing fits within the windows.
 */
export function findAlignment(source: Window, target: Window): Alignment | undefined {
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

function fits(source: Window, target: Window, at: Alignment): boolean {
  const sourceLeft = source.records.length - at.source;
  const targetLeft = target.records.length - at.target;
  if (sourceLeft === 0 && targetLeft === 0) return source.isEnd && target.isEnd;
  const needed = Math.min(confirmations, sourceLeft, targetLeft);
  if (needed === 0) return false;
  for (let index = 0; index < needed; index++) {
    const a = source.records[at.source + index]?.digest;
    if (a !== target.records[at.target + index]?.digest) return false;
  }
  return true;
}
