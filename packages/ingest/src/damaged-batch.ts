import type { BatchHeader, Loss } from '@kops/archive-format';
import { KopsError, type Coordinates, type Offset } from '@kops/core';
import { validateBatch, type RecordBatchView } from '@kops/record-batch';

/** What is wrong with a batch; undefined when it is whole. */
export function problemOf(batch: RecordBatchView, at: Coordinates): KopsError | undefined {
  try {
    validateBatch(batch, at);
    return undefined;
  } catch (error) {
    if (KopsError.is(error, 'KOPS_BATCH_CORRUPT')) return error;
    throw error;
  }
}

/**
 * Tells damage at the source from damage on the way: what a broker serves twice with the same bytes is what it has. One batch is in doubt at a time,
 * since a sink takes nothing behind it.
 */
export class DamageCheck {
  #doubted: { readonly baseOffset: Offset; readonly bytes: Uint8Array } | undefined;

  /** Returns when the batch has arrived before with the same bytes. @throws the problem otherwise: it is to be fetched again */
  confirm({ baseOffset, bytes }: RecordBatchView, problem: KopsError): void {
    const before = this.#doubted;
    // A copy: the frame's memory is used again.
    this.#doubted = { baseOffset, bytes: new Uint8Array(bytes) };
    const isSame = before?.baseOffset === baseOffset && Buffer.compare(before.bytes, bytes) === 0;
    if (!isSame) throw problem;
    this.#doubted = undefined;
  }
}

/** Whether the offsets of a damaged batch can be believed: two fields agree, or the log is known to have them. */
export function hasPlausibleOffsets(batch: RecordBatchView, highWatermark: Offset): boolean {
  const { lastOffsetDelta, recordCount, nextOffset } = batch;
  return (
    lastOffsetDelta >= 0 && (recordCount === lastOffsetDelta + 1 || nextOffset <= highWatermark)
  );
}

/** What a segment entry says of a damaged batch: its offsets and size, since nothing else can be believed. */
export function damagedHeader(
  { baseOffset, lastOffset, sizeInBytes }: RecordBatchView,
  leaderEpoch: number,
): BatchHeader {
  return {
    baseOffset,
    lastOffset,
    sizeInBytes,
    partitionLeaderEpoch: leaderEpoch,
    recordCount: 0,
    maxTimestamp: -1n,
    codec: 'none',
    isTransactional: false,
    isControl: false,
  };
}

/** The loss that a damaged batch is, from the position of the capture on. */
export function damageLoss(
  { baseOffset, nextOffset }: RecordBatchView,
  position: Offset,
  { message }: KopsError,
  segment: string,
): Loss {
  return {
    from: position > baseOffset ? position : baseOffset,
    to: nextOffset,
    reason: 'damaged-at-source',
    detail: `the batch is damaged on the broker; it is stored unchanged: ${message}`,
    segment,
  };
}

/** Adds a loss by damage; a batch that was stored again takes the place of the one before. */
export function noteDamage(losses: Loss[], loss: Loss): void {
  const known = losses.findIndex(
    ({ reason, from }) => reason === loss.reason && from === loss.from,
  );
  if (known < 0) losses.push(loss);
  else losses[known] = loss;
}
