import type { SegmentEntry } from '@kops/archive-format';
import type { RecordSource } from '@kops/catalog';
import { addRange } from './offset-ranges.ts';
import type { SegmentState } from './state/index-state.ts';

/** States of segments that are new, or of which more is about to be written: noted before anything is. */
export function writtenSegments(
  { archive, cluster, topicId, topic, partition }: Omit<RecordSource, 'segment'>,
  segments: readonly SegmentEntry[],
  pieces: readonly SegmentEntry[],
  known: ReadonlyMap<string, SegmentState>,
): SegmentState[] {
  const changed = new Map<string, SegmentState>();
  for (const { key } of segments) {
    const before = known.get(key);
    if (before?.documented === true) continue;
    const empty = { covered: [], written: [], order: 0, documents: 0, deadLetters: 0 };
    changed.set(key, {
      ...(before ?? { segment: key, archive, cluster, topicId, topic, partition, ...empty }),
      documented: true,
    });
  }
  for (const { key, slice } of pieces) {
    const before = changed.get(key) ?? known.get(key);
    if (before === undefined) continue;
    // What failed is tried again.
    const { failure: _, ...state } = before;
    const written = addRange(before.written, { from: slice.start, to: slice.end });
    changed.set(key, { ...state, written });
  }
  return [...changed.values()];
}
