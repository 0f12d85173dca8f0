import type { Coordinates } from '@kops/core';
import { attribute, codecs, field } from './batch-layout.ts';
import { corruptBatch } from './batch-errors.ts';
import { crc32c } from './crc32c.ts';
import type { RecordBatchView } from './record-batch-view.ts';

/** Length, attributes, timestamp delta, offset delta, key length, value length, header count: one byte each. */
const minRecordBytes = 7;
const maxOffset = 0x7fff_ffff_ffff_ffffn;

/**
 * Checks one batch without decoding its records: CRC-32C, length, offsets, record count, codec, timestamps.
 *
 * Base offset and leader epoch are not covered by the CRC (brokers set them), so a flipped bit there is found
 * only by what neighbours it: keep offsets ascending and lineages by their own checks.
 *
 * @param at where the batch comes from, for errors; `offset` is set to the base offset
 * @throws KOPS_BATCH_CORRUPT naming the first check that failed
 */
export function validateBatch(view: RecordBatchView, at: Coordinates = {}): void {
  const problem = findProblem(view);
  if (problem !== undefined) throw corruptBatch(problem, { ...at, offset: view.baseOffset });
}

function findProblem(view: RecordBatchView): string | undefined {
  const computed = crc32c(view.bytes.subarray(field.attributes));
  if (computed !== view.crc) return `CRC-32C is ${hex(computed)}, the batch says ${hex(view.crc)}`;
  return findOffsetProblem(view) ?? findContentProblem(view);
}

function findOffsetProblem(view: RecordBatchView): string | undefined {
  const { baseOffset, lastOffsetDelta, recordCount } = view;
  if (baseOffset < 0n) return `base offset ${baseOffset} is negative`;
  if (lastOffsetDelta < 0) return `last offset delta ${lastOffsetDelta} is negative`;
  if (baseOffset + BigInt(lastOffsetDelta) >= maxOffset)
    return `last offset ${view.lastOffset} leaves no next one`;
  // Fewer records than offsets are normal (compaction), more are not.
  if (recordCount < 0 || recordCount > lastOffsetDelta + 1) {
    return `${recordCount} records in ${lastOffsetDelta + 1} offsets`;
  }
  return undefined;
}

function findContentProblem(view: RecordBatchView): string | undefined {
  const codecId = view.attributes & attribute.codecMask;
  const payloadBytes = view.sizeInBytes - field.payload;
  if (codecId >= codecs.length) return `unknown compression codec ${codecId}`;
  if (codecId === 0 && view.recordCount * minRecordBytes > payloadBytes) {
    return `${view.recordCount} records do not fit into ${payloadBytes} bytes`;
  }
  if (view.recordCount > 0 && payloadBytes === 0)
    return `${view.recordCount} records, but no bytes`;
  // Only the broker sets this type, from its clock. Producers may send any timestamp.
  if (view.timestampType === 'LogAppendTime' && view.maxTimestamp < 0n) {
    return `log append time ${view.maxTimestamp} is negative`;
  }
  return undefined;
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}
