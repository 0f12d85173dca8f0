import { KopsError, type Offset } from '@kops/core';
import { splitBatches, type RecordBatchView } from '@kops/record-batch';
import { headBytes } from './bytes-behind.ts';
import { maxFrameBytes } from '@kops/transport';

/** A piece of a fetched range as it goes over the wire. */
export interface CutFrame {
  /** View into the fetched bytes. */
  readonly bytes: Uint8Array;
  /** The offset after the frame's last batch; undefined inside a batch that spans frames. */
  readonly next: Offset | undefined;
}

/** What a fetched range holds between two offsets. */
export interface CutRange {
  readonly frames: readonly CutFrame[];
  /** The offset after the last batch; the `from` asked for when there is no batch. */
  readonly next: Offset;
  readonly firstEpoch: number;
  readonly lastEpoch: number;
  /** Whether a batch at or after `end` was seen. */
  readonly passedEnd: boolean;
  /** The offset after that batch; -1n when none was seen. */
  readonly passedBy: Offset;
  /** There are bytes and no whole batch of use among them: a broker always answers with one, so its length is damaged. */
  readonly isCutOff: boolean;
}

/**
 * Cuts a fetched range into frames that end on batch boundaries wherever a batch fits.
 * Batches wholly below `from` are left out: a broker answers with the batch that contains the offset, or an earlier one after compaction.
 * A batch that begins before `end` is kept whole, one that begins at or after it is left out (`end` -1n: no end).
 * Bytes that cannot be a batch end the range: what is before them is not lost for them.
 * @throws KOPS_BATCH_CORRUPT, KOPS_MAGIC_UNSUPPORTED where nothing is before them
 */
export function cutRange(fetched: Uint8Array, from: Offset, end: Offset): CutRange {
  const frames: CutFrame[] = [];
  let next = from;
  let firstEpoch = -1;
  let lastEpoch = -1;
  let passedBy = -1n;
  let start = -1;
  let position = 0;
  const flush = (): void => {
    if (start >= 0 && position > start)
      frames.push({ bytes: fetched.subarray(start, position), next });
    start = -1;
  };
  for (const batch of readableBatches(fetched, () => next > from)) {
    const size = batch.sizeInBytes;
    if (end >= 0n && batch.baseOffset >= end) {
      passedBy = batch.nextOffset;
      break;
    }
    if (batch.nextOffset <= from) {
      position += size;
      continue;
    }
    if (start >= 0 && position + size - start > maxFrameBytes) flush();
    if (start < 0) start = position;
    position += size;
    next = batch.nextOffset;
    lastEpoch = batch.partitionLeaderEpoch;
    if (firstEpoch < 0) firstEpoch = lastEpoch;
    if (size > maxFrameBytes) {
      cutLargeBatch(fetched.subarray(start, position), next, frames);
      start = -1;
    }
  }
  flush();
  const passedEnd = passedBy >= 0n;
  const isCutOff = frames.length === 0 && !passedEnd && fetched.length - position >= headBytes;
  return { frames, next, firstEpoch, lastEpoch, passedEnd, passedBy, isCutOff };
}

/** The batches up to bytes that cannot be one, which is an error only where none of use is before them. */
function* readableBatches(fetched: Uint8Array, hasAny: () => boolean): Generator<RecordBatchView> {
  try {
    yield* splitBatches(fetched);
  } catch (error) {
    const isDamage =
      KopsError.is(error, 'KOPS_BATCH_CORRUPT') || KopsError.is(error, 'KOPS_MAGIC_UNSUPPORTED');
    if (!isDamage || !hasAny()) throw error;
  }
}

function cutLargeBatch(batch: Uint8Array, next: Offset, frames: CutFrame[]): void {
  for (let at = 0; at < batch.length; at += maxFrameBytes) {
    const bytes = batch.subarray(at, at + maxFrameBytes);
    frames.push({ bytes, next: at + bytes.length === batch.length ? next : undefined });
  }
}
