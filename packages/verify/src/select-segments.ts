import { createHash } from 'node:crypto';
import type { Subset } from './subset.ts';

/** A place between 0 (included) and 1 (excluded) that depends on the key alone. */
function placeOf(key: string): number {
  return createHash('sha256').update(key).digest().readUIntBE(0, 6) / 2 ** 48;
}

/**
 * Chooses segments by their keys: the same archive and subset always give the same ones. All segments are offered first; of each only
 * two numbers are kept.
 */
export class SegmentSelection {
  readonly #subset: Subset | undefined;
  readonly #offered: { place: number; bytes: number }[] = [];
  readonly #missing = new Set<string>();
  #limit: number | undefined;
  segments = 0;
  bytes = 0;
  selectedSegments = 0;
  selectedBytes = 0;

  constructor(subset: Subset | undefined) {
    this.#subset = subset;
  }

  offer(key: string, bytes: number): void {
    this.segments++;
    this.bytes += bytes;
    if (this.#isSelectedAlone(key)) {
      this.selectedSegments++;
      this.selectedBytes += bytes;
    } else if (this.#subset?.kind === 'share' || this.#subset?.kind === 'bytes') {
      this.#offered.push({ place: placeOf(key), bytes });
    }
  }

  /** Says that a segment is not there: it was reported, and there is nothing to read. */
  addMissing(key: string): void {
    this.#missing.add(key);
  }

  /** To be called when all were offered. */
  settle(): void {
    if (this.#subset === undefined || this.#subset.kind === 'part') return;
    const wanted =
      this.#subset.kind === 'bytes' ? this.#subset.bytes : this.#subset.share * this.bytes;
    this.#offered.sort((a, b) => a.place - b.place);
    for (const { place, bytes } of this.#offered) {
      // At least one, however large.
      if (this.selectedSegments > 0 && this.selectedBytes + bytes > wanted) break;
      this.#limit = place;
      this.selectedSegments++;
      this.selectedBytes += bytes;
    }
    this.#offered.length = 0;
  }

  isSelected(key: string): boolean {
    if (this.#missing.has(key)) return false;
    return this.#isSelectedAlone(key) || (this.#limit !== undefined && placeOf(key) <= this.#limit);
  }

  /** Whether a segment is chosen whatever the others are. */
  #isSelectedAlone(key: string): boolean {
    if (this.#subset === undefined) return true;
    if (this.#subset.kind !== 'part') return false;
    const { index, of } = this.#subset;
    return Math.floor(placeOf(key) * of) === index - 1;
  }
}
