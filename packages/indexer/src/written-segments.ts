import type { SegmentEntry } from '@kops/archive-format';
import type { RecordSource } from '@kops/catalog';
import { rulesBefore } from './covered.ts';
import { addRange } from './offset-ranges.ts';
import type { SegmentState } from './state/index-state.ts';

/** What the state has to know before a partition's pieces are written. */
export interface WrittenPartition {
  readonly source: Omit<RecordSource, 'segment'>;
  readonly segments: readonly SegmentEntry[];
  readonly pieces: readonly SegmentEntry[];
  /** Fingerprint of the rules of the topic. */
  readonly rules: string;
  readonly known: ReadonlyMap<string, SegmentState>;
  readonly nextOrder: () => number;
}

/** States of segments that are new, or of which more is about to be written: noted before anything is. */
export function writtenSegments({
  source,
  segments,
  pieces,
  rules,
  known,
  nextOrder,
}: WrittenPartition): SegmentState[] {
  const { archive, cluster, topicId, topic, partition } = source;
  const changed = new Map<string, SegmentState>();
  for (const { key } of segments) {
    const before = known.get(key);
    if (before?.documented === true) continue;
    const empty = { covered: [], written: [], order: 0, documents: 0, deadLetters: 0, rules };
    changed.set(key, {
      ...(before ?? { segment: key, archive, cluster, topicId, topic, partition, ...empty }),
      documented: true,
    });
  }
  const order = pieces.length === 0 ? 0 : nextOrder();
  for (const { key, slice } of pieces) {
    const before = changed.get(key) ?? known.get(key);
    if (before === undefined) continue;
    // What failed is tried again.
    const { failure: _, ...state } = before;
    changed.set(key, {
      ...state,
      written: addRange(before.written, { from: slice.start, to: slice.end }),
      order,
      since: before.covered.length === 0 ? order : (before.since ?? 0),
      rules: before.order === order ? (before.rules ?? rules) : rulesBefore(before, rules),
    });
  }
  return [...changed.values()];
}
