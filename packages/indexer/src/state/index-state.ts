import type { ErrorCode } from '@kops/core';
import type { OffsetRange } from '../offset-ranges.ts';

/** Why something was left out. */
export interface IndexFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * How far an archive is: `begun` before anything of it is written, `incomplete` when all of it was tried and some segments
 * are damaged, `done` when its document was written.
 */
export interface ArchiveState {
  readonly archive: string;
  readonly status: 'begun' | 'incomplete' | 'done';
  /** What is damaged of the archive itself: its manifest or a list. */
  readonly failure?: IndexFailure;
}

/** Stands for the fingerprint of rules where a segment's documents were made by several. */
export const mixedRules = 'mixed';

/** How far a segment is. */
export interface SegmentState {
  /** Object key. */
  readonly segment: string;
  /** The first archive that was indexed of those that show it. */
  readonly archive: string;
  /** Whether its own document was written. */
  readonly documented: boolean;
  readonly cluster: string;
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  /** Offsets whose records are indexed for good, ascending. */
  readonly covered: readonly OffsetRange[];
  /** Offsets of which documents may have been written: noted before they are. */
  readonly written: readonly OffsetRange[];
  /** When something of it was last about to be written: larger than that of every segment before. */
  readonly order: number;
  /** The order of the oldest of what is covered: what was written later may have replaced it. Unknown is 0. */
  readonly since?: number;
  /** Records of what is covered that a consumer sees; about, after a part of them was retired. */
  readonly documents: number;
  /** Fingerprint of the rules that its documents were made by, or what is none where these are several; absent where it was not noted. */
  readonly rules?: string;
  readonly deadLetters: number;
  readonly failure?: IndexFailure;
}

/** One step of the state; each is whole by itself. */
export type StateChange =
  | { readonly archive: ArchiveState }
  | { readonly segment: SegmentState }
  | { readonly forgetArchive: string }
  | { readonly forgetSegment: string };

/** What is known after some changes. Held in memory whole: a few hundred bytes per segment. */
export class IndexState {
  readonly archives = new Map<string, ArchiveState>();
  readonly segments = new Map<string, SegmentState>();
  #order = 0;

  apply(change: StateChange): void {
    if ('archive' in change) this.archives.set(change.archive.archive, change.archive);
    else if ('segment' in change) {
      this.segments.set(change.segment.segment, change.segment);
      this.#order = Math.max(this.#order, change.segment.order);
    } else if ('forgetArchive' in change) this.archives.delete(change.forgetArchive);
    else this.segments.delete(change.forgetSegment);
  }

  /** The changes that make this state out of nothing. */
  *changes(): Generator<StateChange> {
    for (const archive of this.archives.values()) yield { archive };
    for (const segment of this.segments.values()) yield { segment };
  }

  get size(): number {
    return this.archives.size + this.segments.size;
  }

  nextOrder(): number {
    return ++this.#order;
  }
}
