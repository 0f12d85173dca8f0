import { findIndexRange, type SegmentEntry } from '@kops/archive-format';
import { KopsError, type Coordinates } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { splitBatches, validateBatch } from '@kops/record-batch';
import type { BatchRun, LocatedBatch } from './archive.ts';
import { BatchSequence } from './batch-sequence.ts';
import { flatten } from './flatten.ts';
import { readSegmentRuns } from './segment-runs.ts';

/** How the batches of one segment are read. */
export interface ReadSegmentOptions {
  /** Whether each batch that is yielded is checked by `validateBatch`. Default true. */
  readonly validate?: boolean;
  readonly signal?: AbortSignal;
  /** Where the segment belongs, for errors. */
  readonly at?: Coordinates;
}

/**
 * Batches of one segment that overlap its slice, checked: order and ends against the entry, each by CRC-32C. Seeks by the sparse index.
 * @throws KOPS_OBJECT_CORRUPT, KOPS_BATCH_CORRUPT, KOPS_OBJECT_NOT_FOUND
 */
export function readSliceBatches(
  store: ObjectStore,
  segment: SegmentEntry,
  options: ReadSegmentOptions = {},
): AsyncIterable<LocatedBatch> {
  return flatten(readSliceRuns(store, segment, options));
}

/** The same run by run, without anything asynchronous inside of a run. Each run has to be taken whole before the next is asked for. */
export async function* readSliceRuns(
  store: ObjectStore,
  segment: SegmentEntry,
  options: ReadSegmentOptions = {},
): AsyncGenerator<Iterable<LocatedBatch>> {
  const walk = new SliceWalk(segment, options);
  const { signal } = options;
  const read = { ...walk.range, ...(signal === undefined ? {} : { signal }) };
  try {
    for await (const run of readSegmentRuns(store, segment, read)) {
      yield walk.batchesOf(run);
      walk.requireTaken();
      if (walk.isPast) return;
    }
    walk.end();
  } catch (error) {
    throw KopsError.locate(error, walk.at);
  }
}

/** Goes through the runs of one segment and picks the batches of its slice. */
class SliceWalk {
  readonly at: Coordinates;
  readonly range: { start: number; end: number };
  /** Whether the slice ended before the bytes. */
  isPast = false;
  #isTaken = true;
  readonly #segment: SegmentEntry;
  readonly #validate: boolean;
  readonly #sequence: BatchSequence;

  constructor(segment: SegmentEntry, { validate = true, at }: ReadSegmentOptions) {
    this.at = { ...at, segment: segment.key };
    this.range = findIndexRange(segment, segment.slice.start, segment.slice.end);
    this.#segment = segment;
    this.#validate = validate;
    this.#sequence = new BatchSequence(segment, this.range.start);
  }

  batchesOf(run: BatchRun): Generator<LocatedBatch> {
    this.#isTaken = false;
    return this.#walk(run);
  }

  *#walk(run: BatchRun): Generator<LocatedBatch> {
    const segment = this.#segment;
    const { start, end } = segment.slice;
    let { position } = run;
    try {
      for (const batch of splitBatches(run.bytes, this.at)) {
        const { baseOffset } = batch;
        const lastOffset = this.#sequence.check(baseOffset, batch);
        if (baseOffset >= end) {
          this.isPast = true;
          break;
        }
        // Batches before the slice are passed over only to get there.
        if (lastOffset >= start) {
          if (this.#validate) validateBatch(batch, this.at);
          yield { batch, segment, position };
        }
        position += batch.sizeInBytes;
      }
      this.#isTaken = true;
    } catch (error) {
      throw KopsError.locate(error, this.at);
    }
  }

  /** Without all batches of a run the next one would look as if some were missing. */
  requireTaken(): void {
    if (this.#isTaken) return;
    throw new KopsError(
      'KOPS_USAGE',
      'the caller stopped reading a run of batches before its end',
      {
        hint: 'Report this defect of kops.',
      },
    );
  }

  end(): void {
    if (this.range.end === this.#segment.plaintextBytes) this.#sequence.checkEnd();
  }
}
