import { findIndexRange, type SegmentEntry } from '@kops/archive-format';
import { KopsError, type Coordinates } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { splitBatches, validateBatch } from '@kops/record-batch';
import type { LocatedBatch } from './archive.ts';
import { BatchSequence } from './batch-sequence.ts';
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
export async function* readSliceBatches(
  store: ObjectStore,
  segment: SegmentEntry,
  options: ReadSegmentOptions = {},
): AsyncGenerator<LocatedBatch> {
  const at = { ...options.at, segment: segment.key };
  try {
    yield* walkSlice(store, segment, options, at);
  } catch (error) {
    throw KopsError.locate(error, at);
  }
}

async function* walkSlice(
  store: ObjectStore,
  segment: SegmentEntry,
  { validate = true, signal }: ReadSegmentOptions,
  at: Coordinates,
): AsyncGenerator<LocatedBatch> {
  const { start: first, end } = segment.slice;
  const range = findIndexRange(segment, first, end);
  const sequence = new BatchSequence(segment, range.start);
  const runs = readSegmentRuns(store, segment, {
    ...range,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const run of runs) {
    let position = run.position;
    for (const batch of splitBatches(run.bytes, at)) {
      const { baseOffset } = batch;
      sequence.check(baseOffset, batch);
      if (baseOffset >= end) return;
      // Batches before the slice are passed over only to get there.
      if (batch.lastOffset >= first) {
        if (validate) validateBatch(batch, at);
        yield { batch, segment, position };
      }
      position += batch.sizeInBytes;
    }
  }
  if (range.end === segment.plaintextBytes) sequence.checkEnd();
}
