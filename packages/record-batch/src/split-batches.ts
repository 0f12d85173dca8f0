import type { Coordinates } from '@kops/core';
import {
  field,
  logOverhead,
  maxBatchLength,
  minBatchLength,
  supportedMagic,
} from './batch-layout.ts';
import { corruptBatch, unsupportedMagic } from './batch-errors.ts';
import { RecordBatchView } from './record-batch-view.ts';

/** Smallest size field of a message of magic 0: CRC, magic, attributes, null key, null value. */
const minMessageSize = 14;

/**
 * Iterates the whole batches of a fetched range or of a segment, without copying.
 *
 * A cut-off last batch, which every fetch may end with, is not yielded. Only lengths and magic are looked at;
 * {@link validateBatch} checks each batch.
 *
 * @param at where the bytes come from, for errors; `offset` is replaced by that of the batch in question
 * @returns bytes consumed, that is the position after the last whole batch
 * @throws KOPS_MAGIC_UNSUPPORTED at a message set of magic 0 or 1, or a magic above 2
 * @throws KOPS_BATCH_CORRUPT at a length or base offset that no batch can have
 */
export function* splitBatches(
  bytes: Uint8Array,
  at: Coordinates = {},
): Generator<RecordBatchView, number> {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  while (bytes.byteLength - position > field.magic) {
    const length = checkedLength(data, position, at);
    const end = position + logOverhead + length;
    if (end > bytes.byteLength) break;
    yield new RecordBatchView(bytes.subarray(position, end));
    position = end;
  }
  return position;
}

function checkedLength(data: DataView, position: number, at: Coordinates): number {
  const length = data.getInt32(position + field.batchLength);
  const magic = data.getInt8(position + field.magic);
  const baseOffset = data.getBigInt64(position + field.baseOffset);
  // Size before magic: a zeroed tail must not read as "magic 0".
  if (length < minMessageSize || length > maxBatchLength || baseOffset < 0n) {
    throw impossible(length, baseOffset, position, at);
  }
  if (magic !== supportedMagic) throw unsupportedMagic(magic, { ...at, offset: baseOffset });
  if (length < minBatchLength) throw impossible(length, baseOffset, position, at);
  return length;
}

function impossible(length: number, baseOffset: bigint, position: number, at: Coordinates) {
  return corruptBatch(
    `no batch can start at byte ${position}: base offset ${baseOffset}, length ${length}`,
    // A negative base offset is no coordinate; the caller's is then the better one.
    baseOffset < 0n ? at : { ...at, offset: baseOffset },
  );
}
