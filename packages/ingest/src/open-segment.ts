import { createHash, type Hash } from 'node:crypto';
import {
  newToken,
  segmentKey,
  SegmentEntryBuilder,
  type BatchHeader,
  type PartitionIdentity,
  type SegmentEntry,
} from '@kops/archive-format';
import type { Offset } from '@kops/core';
import type { ObjectStore, ObjectWriter } from '@kops/object-store';

/** A segment under way, the same bytes in every copy. Calls must not overlap, except that {@link sync} may run beside {@link append}. */
export class OpenSegment {
  readonly key: string;
  /** The capture's position when the segment was begun. */
  readonly from: Offset;
  readonly #writers: readonly ObjectWriter[];
  readonly #builder = new SegmentEntryBuilder();
  readonly #hash: Hash = createHash('sha256');
  readonly #damaged: boolean;

  private constructor(
    key: string,
    from: Offset,
    writers: readonly ObjectWriter[],
    damaged: boolean,
  ) {
    this.key = key;
    this.from = from;
    this.#writers = writers;
    this.#damaged = damaged;
  }

  /**
   * Begins a segment whose first batch has the given base offset; `from` is where its visible part begins. A `damaged` one is to hold batches that
   * failed their check.
   */
  static async begin(
    stores: readonly ObjectStore[],
    at: PartitionIdentity & {
      readonly baseOffset: Offset;
      readonly from: Offset;
      readonly damaged?: boolean;
    },
  ): Promise<OpenSegment> {
    const key = segmentKey({ ...at, token: newToken() });
    return new OpenSegment(
      key,
      at.from,
      await Promise.all(stores.map((store) => store.openWriter(key))),
      at.damaged ?? false,
    );
  }

  get bytes(): number {
    return this.#builder.bytes;
  }

  /** Whether the segment stays a valid one with so many more bytes, up to an offset. */
  fits(more: Pick<BatchHeader, 'sizeInBytes' | 'lastOffset'>): boolean {
    return this.#builder.fits(more);
  }

  /** Appends whole batches. `headers` are theirs, in order. */
  async append(run: Uint8Array, headers: readonly BatchHeader[]): Promise<void> {
    for (const header of headers) this.#builder.add(header);
    this.#hash.update(run);
    await Promise.all(this.#writers.map((writer) => writer.append([run])));
  }

  async sync(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.sync()));
  }

  /** The finished entry; `hash` so far is final only if nothing is appended afterwards. */
  finish(): SegmentEntry {
    const entry = this.#builder.finish({
      key: this.key,
      plaintextSha256: this.#hash.copy().digest('hex'),
      slice: { start: this.from },
    });
    return this.#damaged ? { ...entry, records: null, damaged: true } : entry;
  }

  async publish(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.publish()));
  }

  async discard(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.discard()));
  }

  async suspend(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.suspend()));
  }
}
