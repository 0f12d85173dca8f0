import { KopsError } from '@kops/core';
import type { IndexEntry, LeaderEpoch, SegmentEntry } from './schema.ts';

/** Distance of sparse index entries in bytes of plaintext. */
export const indexInterval = 1024 * 1024;

/** A segment stays below these, so that Kafka's own tools and brokers can hold it. */
export const segmentLimits = { bytes: 2 ** 31 - 1, offsetSpan: 2n ** 31n - 1n } as const;

/** What a builder needs of a batch; a `RecordBatchView` is one. */
export interface BatchHeader {
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  readonly partitionLeaderEpoch: number;
  readonly recordCount: number;
  readonly maxTimestamp: bigint;
  readonly codec: SegmentEntry['codecs'][number];
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly sizeInBytes: number;
}

/** What is known only when the segment is published. */
export interface PublishedSegment {
  readonly key: string;
  readonly plaintextSha256: string;
  /** Default: the plaintext is stored as it is. */
  readonly stored?: { readonly bytes: number; readonly sha256: string };
  /** Visible offsets; default all, from the base offset to after the last. Cut to them. */
  readonly slice?: { readonly start?: bigint; readonly end?: bigint };
}

const codecOrder = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** Collects a {@link SegmentEntry} while batches are appended to a segment. */
export class SegmentEntryBuilder {
  #baseOffset = -1n;
  #lastOffset = -1n;
  #bytes = 0;
  #batches = 0;
  #controlBatches = 0;
  #records = 0;
  #maxTimestamp = -1n;
  #transactional = false;
  readonly #codecs = new Set<BatchHeader['codec']>();
  readonly #leaderEpochs: LeaderEpoch[] = [];
  readonly #index: IndexEntry[] = [];
  #nextIndexAt = 0;

  /** Plaintext bytes so far: the position of the next batch. */
  get bytes(): number {
    return this.#bytes;
  }

  get batches(): number {
    return this.#batches;
  }

  /** Offset after the last batch; undefined before the first. */
  get nextOffset(): bigint | undefined {
    return this.#batches === 0 ? undefined : this.#lastOffset + 1n;
  }

  /** Whether the segment stays within {@link segmentLimits} with this batch. */
  fits(batch: Pick<BatchHeader, 'sizeInBytes' | 'lastOffset'>): boolean {
    if (this.#batches === 0) return true;
    const span = batch.lastOffset - this.#baseOffset;
    return (
      this.#bytes + batch.sizeInBytes <= segmentLimits.bytes && span < segmentLimits.offsetSpan
    );
  }

  /**
   * Takes the next batch of the segment.
   * @throws KOPS_OFFSET_MISMATCH when its offsets do not follow those before.
   */
  add(batch: BatchHeader): void {
    const { baseOffset, lastOffset } = batch;
    if (this.#batches > 0 && baseOffset <= this.#lastOffset) {
      throw new KopsError(
        'KOPS_OFFSET_MISMATCH',
        `a batch from offset ${baseOffset} cannot follow offset ${this.#lastOffset}`,
        {
          at: { offset: baseOffset },
          hint: 'Run the backup again: it resumes from the durable data. If it fails again, report this defect of kops.',
        },
      );
    }
    if (this.#batches === 0) this.#baseOffset = baseOffset;
    this.#lastOffset = lastOffset;
    this.#batches++;
    if (batch.isControl) this.#controlBatches++;
    this.#records += batch.recordCount;
    if (batch.maxTimestamp > this.#maxTimestamp) this.#maxTimestamp = batch.maxTimestamp;
    if (batch.isTransactional || batch.isControl) this.#transactional = true;
    this.#codecs.add(batch.codec);
    this.#addLeaderEpoch(batch.partitionLeaderEpoch, baseOffset);
    if (this.#bytes >= this.#nextIndexAt) {
      this.#index.push([baseOffset, this.#maxTimestamp, this.#bytes]);
      this.#nextIndexAt = this.#bytes + indexInterval;
    }
    this.#bytes += batch.sizeInBytes;
  }

  /** The finished entry. The builder may be fed and finished again. @throws KOPS_USAGE without any batch. */
  finish(published: PublishedSegment): SegmentEntry {
    if (this.#batches === 0)
      throw new KopsError('KOPS_USAGE', 'a segment without batches has no entry', {
        at: { segment: published.key },
      });
    const { start = this.#baseOffset, end = this.#lastOffset + 1n } = published.slice ?? {};
    return {
      key: published.key,
      slice: {
        start: start > this.#baseOffset ? start : this.#baseOffset,
        end: end <= this.#lastOffset ? end : this.#lastOffset + 1n,
      },
      baseOffset: this.#baseOffset,
      lastOffset: this.#lastOffset,
      leaderEpochs: this.#leaderEpochs.map((entry) => ({ ...entry })),
      records: this.#records,
      batches: this.#batches,
      controlBatches: this.#controlBatches,
      maxTimestamp: this.#maxTimestamp,
      minTimestamp: null,
      codecs: codecOrder.filter((codec) => this.#codecs.has(codec)),
      transactional: this.#transactional,
      plaintextBytes: this.#bytes,
      plaintextSha256: published.plaintextSha256,
      storedBytes: published.stored?.bytes ?? this.#bytes,
      storedSha256: published.stored?.sha256 ?? published.plaintextSha256,
      index: this.#index.map((entry) => [...entry] as IndexEntry),
    };
  }

  #addLeaderEpoch(epoch: number, startOffset: bigint): void {
    if (this.#leaderEpochs.at(-1)?.epoch !== epoch) this.#leaderEpochs.push({ epoch, startOffset });
  }
}
