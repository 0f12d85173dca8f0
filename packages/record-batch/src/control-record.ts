import { KopsError } from '@kops/core';
import { corruptBatch } from './batch-errors.ts';
import { decodeRecords } from './record-decoder.ts';
import type { RecordBatchView } from './record-batch-view.ts';

/** What a control batch says. */
export interface ControlRecord {
  /** `other`: a kind that ends no transaction, or a marker whose record compaction removed. */
  readonly type: 'commit' | 'abort' | 'other';
  /** Epoch of the transaction coordinator that wrote the marker; -1 for `other`. */
  readonly coordinatorEpoch: number;
  readonly offset: bigint;
}

const types: Readonly<Record<number, 'commit' | 'abort'>> = { 0: 'abort', 1: 'commit' };

/**
 * Reads the marker of a control batch (KIP-98: key is int16 version and int16 type, value int16 version and int32
 * coordinator epoch; later versions only append).
 * @throws KOPS_USAGE for a batch of data
 * @throws KOPS_BATCH_CORRUPT when it holds no readable marker
 */
export function decodeControlRecord(view: RecordBatchView): ControlRecord {
  const at = { offset: view.baseOffset };
  if (!view.isControl)
    throw new KopsError('KOPS_USAGE', 'not a control batch', {
      at,
      hint: 'Report this defect of kops.',
    });
  const [record] = decodeRecords(view);
  if (record === undefined) return { type: 'other', coordinatorEpoch: -1, offset: view.lastOffset };
  if (record.key === null || record.key.byteLength < 4)
    throw corruptBatch('control record without type', at);
  const type = types[dataOf(record.key).getInt16(2)];
  if (type === undefined) return { type: 'other', coordinatorEpoch: -1, offset: record.offset };
  if (record.value === null || record.value.byteLength < 6)
    throw corruptBatch(`${type} marker without epoch`, at);
  return { type, coordinatorEpoch: dataOf(record.value).getInt32(2), offset: record.offset };
}

function dataOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
