import type { ArchiveCommit } from '@kops/archive-format';
import { overlap, withLessCovered } from './covered.ts';
import { intersectRanges, subtractRanges } from './offset-ranges.ts';
import type { Leaving } from './retire-archives.ts';
import type { IndexState, SegmentState, StateChange } from './state/index-state.ts';

/** What a retirement changes of the state; the state itself changes when all of it is done. */
export class ChangedSegments {
  readonly #state: IndexState;
  /** Undefined for those that are forgotten. */
  readonly #changed = new Map<string, SegmentState | undefined>();
  #isUncovered = false;

  constructor(state: IndexState) {
    this.#state = state;
  }

  /** The segments that stay, as they are after it. */
  *all(): Generator<SegmentState> {
    for (const segment of this.#state.segments.values()) {
      const { segment: key } = segment;
      const now = this.#changed.has(key) ? this.#changed.get(key) : segment;
      if (now !== undefined) yield now;
    }
  }

  set(segment: SegmentState): void {
    this.#changed.set(segment.segment, segment);
  }

  /** Takes out what no archive shows any more. */
  narrow({ segment, slices }: Leaving, deadLetters: number): void {
    if (slices.length === 0) {
      this.#changed.set(segment.segment, undefined);
      return;
    }
    const covered = intersectRanges(segment.covered, slices);
    const written = intersectRanges(segment.written, slices);
    this.set({ ...withLessCovered(segment, covered), written, deadLetters });
  }

  /**
   * Where a log was truncated, or compacted and read anew, two segments hold the same offsets, and the catalog has the records of
   * the one that was written later. When that one goes, the other's are to be written again.
   */
  uncover(leaving: readonly Leaving[]): void {
    for (const other of [...this.all()]) {
      const overwritten = leaving
        .filter(({ segment }) => mayHaveReplaced(segment, other))
        .flatMap(({ gone }) => gone);
      if (!overlap(other.covered, overwritten)) continue;
      this.set(withLessCovered(other, subtractRanges(other.covered, overwritten)));
      this.#isUncovered = true;
    }
  }

  /** The changes; archives that may show what is to be written again are looked through again. */
  *changes(live: readonly ArchiveCommit[]): Generator<StateChange> {
    for (const [forgetSegment, segment] of this.#changed)
      yield segment === undefined ? { forgetSegment } : { segment };
    if (!this.#isUncovered) return;
    for (const { archive } of live)
      if (this.#state.archives.has(archive)) yield { archive: { archive, status: 'begun' } };
  }
}

/** Whether something of a segment was written after something of another one of the same partition. */
function mayHaveReplaced(gone: SegmentState, other: SegmentState): boolean {
  return (
    gone.segment !== other.segment &&
    gone.order > (other.since ?? 0) &&
    gone.partition === other.partition &&
    gone.topicId === other.topicId &&
    gone.cluster === other.cluster
  );
}
