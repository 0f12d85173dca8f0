import type { Offset } from '@kops/core';

/** `count` consecutive source offsets from `sourceStart` that became as many from `targetStart`. */
export interface MappingRun {
  readonly sourceStart: Offset;
  readonly targetStart: Offset;
  readonly count: bigint;
}

/** Where the offsets of a partition went: runs in ascending order of both offsets, without gaps on the target's side. */
export interface OffsetMapping {
  readonly runs: readonly MappingRun[];
  /** Log end of the target: what every source offset after the last run becomes. */
  readonly targetEnd: Offset;
}

/** Joins a run to the one before it where both continue; undefined where they do not. */
export function joinRuns(last: MappingRun | undefined, next: MappingRun): MappingRun | undefined {
  if (last === undefined) return undefined;
  const follows =
    last.sourceStart + last.count === next.sourceStart &&
    last.targetStart + last.count === next.targetStart;
  return follows ? { ...last, count: last.count + next.count } : undefined;
}

/** Translates one offset within or before a run; undefined when it lies after the run. */
export function mapWithinRun(run: MappingRun, sourceOffset: Offset): Offset | undefined {
  if (sourceOffset >= run.sourceStart + run.count) return undefined;
  return sourceOffset < run.sourceStart
    ? run.targetStart
    : run.targetStart + (sourceOffset - run.sourceStart);
}

/**
 * The target offset of the record that a consumer at `sourceOffset` would read next: exact at holes (the next record,
 * never one beyond), the target's log end at or after the last record.
 */
export function mapOffset(mapping: OffsetMapping, sourceOffset: Offset): Offset {
  const { runs } = mapping;
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle];
    if (run !== undefined && run.sourceStart + run.count <= sourceOffset) low = middle + 1;
    else high = middle;
  }
  const run = runs[low];
  return (run === undefined ? undefined : mapWithinRun(run, sourceOffset)) ?? mapping.targetEnd;
}
