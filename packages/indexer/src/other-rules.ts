import { haveSameMasks } from '@kops/catalog';
import { mixedRules, type IndexState, type SegmentState } from './state/index-state.ts';

/** Segments, and how many of their records were indexed: estimated where a part of a segment was retired. */
export interface RuledSegments {
  readonly segments: number;
  readonly records: number;
  /** Names of their topics, sorted. */
  readonly topics: readonly string[];
}

/**
 * What was indexed by other rules than those that hold now, or nobody knows by which; also what was left out, where a topic is to
 * be indexed now.
 */
export interface OtherRules extends RuledSegments {
  /** Of these, records that were indexed with other masks, or none: what is masked now may be in the catalog as it is. */
  readonly otherMasks: RuledSegments;
}

/** Compares what segments were indexed by with the rules of now. */
export function countOtherRules(state: IndexState, rulesOf: (topic: string) => string): OtherRules {
  const other: SegmentState[] = [];
  const otherMasks: SegmentState[] = [];
  for (const segment of state.segments.values()) {
    const now = rulesOf(segment.topic);
    // Without records, and where there are to be none, nothing is wrong.
    if (segment.rules === now || (segment.documents === 0 && now === 'none')) continue;
    other.push(segment);
    if (haveOtherMasks(segment, now)) otherMasks.push(segment);
  }
  return { ...sumOf(other), otherMasks: sumOf(otherMasks) };
}

function haveOtherMasks({ documents, rules = mixedRules }: SegmentState, now: string): boolean {
  return documents > 0 && now !== 'none' && !haveSameMasks(rules, now);
}

function sumOf(segments: readonly SegmentState[]): RuledSegments {
  return {
    segments: segments.length,
    records: segments.reduce((sum, { documents }) => sum + documents, 0),
    topics: [...new Set(segments.map(({ topic }) => topic))].sort(),
  };
}
