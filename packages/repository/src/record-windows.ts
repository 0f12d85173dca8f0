import type { SegmentEntry } from '@kops/archive-format';

/** Offsets [from, to) that are read in one go. */
export interface RecordWindow {
  readonly from: bigint;
  readonly to: bigint;
  readonly isTransactional: boolean;
}

/**
 * Divides what is shown of segments into windows. Transactional segments are divided where the sparse index has a batch, into ever
 * larger windows: the first is small, so that whoever wants one record waits for little, and the later ones are few.
 */
export function* recordWindows(segments: readonly SegmentEntry[]): Generator<RecordWindow> {
  let steps = 1;
  for (const { slice, index, transactional: isTransactional } of segments) {
    let from = slice.start;
    if (isTransactional) {
      const cuts = index.map(([offset]) => offset);
      const inside = cuts.filter((offset) => offset > slice.start && offset < slice.end);
      for (let at = steps - 1; at < inside.length; at += steps) {
        const to = inside[at] ?? slice.end;
        yield { from, to, isTransactional };
        from = to;
        steps *= 2;
      }
    }
    yield { from, to: slice.end, isTransactional };
  }
}
