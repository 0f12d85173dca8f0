import type { SegmentEntry } from '@kops/archive-format';
import type { RecordBatchView } from '@kops/record-batch';
import { mismatch } from './segment-runs.ts';

/**
 * Checks that the batches of a segment come in the order and with the ends that its entry says.
 * CRC-32C does not cover base offsets, so this and the segment's SHA-256 are what finds a changed one.
 */
export class BatchSequence {
  readonly #segment: SegmentEntry;
  #expectedBase: bigint | undefined;
  #last: bigint;

  /** @param position where reading begins: the segment's start, or that of an indexed batch */
  constructor(segment: SegmentEntry, position = 0) {
    this.#segment = segment;
    this.#expectedBase =
      position === 0
        ? segment.baseOffset
        : segment.index.find((entry) => entry[2] === position)?.[0];
    this.#last = (this.#expectedBase ?? segment.baseOffset) - 1n;
  }

  /** Takes the next batch; returns its last offset. @throws KOPS_OBJECT_CORRUPT */
  check(baseOffset: bigint, batch: RecordBatchView): bigint {
    if (this.#expectedBase !== undefined && baseOffset !== this.#expectedBase) {
      throw mismatch(
        this.#segment,
        `starts at offset ${baseOffset} instead of ${this.#expectedBase}`,
        baseOffset,
      );
    }
    this.#expectedBase = undefined;
    if (baseOffset <= this.#last)
      throw mismatch(
        this.#segment,
        `has offset ${baseOffset} after offset ${this.#last}`,
        baseOffset,
      );
    this.#last = batch.lastOffset;
    if (this.#last > this.#segment.lastOffset) {
      throw mismatch(
        this.#segment,
        `continues to offset ${this.#last}, but its last archived offset is ${this.#segment.lastOffset}`,
        baseOffset,
      );
    }
    return this.#last;
  }

  /** To be asked after the segment's last batch. @throws KOPS_OBJECT_CORRUPT */
  checkEnd(): void {
    if (this.#last === this.#segment.lastOffset) return;
    throw mismatch(
      this.#segment,
      `ends at offset ${this.#last} instead of ${this.#segment.lastOffset}`,
      this.#last,
    );
  }
}
