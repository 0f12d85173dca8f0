import { KopsError } from '@kops/core';
import { attribute, field } from './batch-layout.ts';
import { crc32c } from './crc32c.ts';
import type { RecordBatchView } from './record-batch-view.ts';

/** Whose batch it becomes. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** Sets or clears the transactional bit; left as it is when absent, so that forgetting it is refused by the broker, not swallowed. */
  readonly isTransactional?: boolean;
}

const none: ProducerIdentity = { producerId: -1n, producerEpoch: -1, baseSequence: -1 };

/** First id that no broker hands out: they count up from 0. */
const restoredIds = 1n << 62n;
/** Distance between the ids of a restore and those of a restore of that restore. */
const restoreGeneration = 1n << 56n;
const maxProducerId = 0x7fff_ffff_ffff_ffffn;

/**
 * A copy of the batch that a broker takes in a Produce request: base offset 0, leader epoch -1, the given producer,
 * new CRC. Timestamps, codec and compressed payload stay byte for byte.
 * @param memory where the copy goes, of the batch's size; new memory when absent
 * @throws KOPS_REFUSED for a control batch, which no broker takes from a producer
 */
export function rewriteForProduce(
  view: RecordBatchView,
  producer: ProducerIdentity,
  memory?: Uint8Array,
): Uint8Array {
  if (view.isControl) {
    throw new KopsError('KOPS_REFUSED', 'a control batch cannot be produced', {
      at: { offset: view.baseOffset },
      hint: 'Report this defect of kops.',
    });
  }
  const { bytes, data } = copyOf(view, memory);
  data.setBigInt64(field.baseOffset, 0n);
  data.setInt32(field.partitionLeaderEpoch, -1);
  if (producer.isTransactional !== undefined) {
    const cleared = view.attributes & ~attribute.transactional;
    data.setInt16(
      field.attributes,
      producer.isTransactional ? cleared | attribute.transactional : cleared,
    );
  }
  setProducer(data, producer);
  seal(data, bytes);
  return bytes;
}

/**
 * A copy of the batch for a log directory of another cluster: leader epoch 0 and a producer that no broker there will
 * meet, new CRC; offsets, timestamps and payload stay.
 *
 * Plain and idempotent batches lose their producer (-1). Transactional ones and markers keep theirs apart by
 * 2^62 + id; an id that is already there, because the source was restored this way itself, moves on by 2^56, so that
 * it does not meet a younger producer with the same id.
 *
 * @throws KOPS_REFUSED when an id cannot be moved any further
 */
export function rewriteForLogDir(view: RecordBatchView): Uint8Array {
  const { bytes, data } = copyOf(view);
  data.setInt32(field.partitionLeaderEpoch, 0);
  if (view.isTransactional || view.isControl) {
    data.setBigInt64(field.producerId, restoredProducerId(view));
  } else {
    setProducer(data, none);
  }
  seal(data, bytes);
  return bytes;
}

function restoredProducerId(view: RecordBatchView): bigint {
  const id = view.producerId;
  // Control batches without a producer exist (KRaft's own); there is nothing to keep apart.
  if (id < 0n) return id;
  const moved = id + (id < restoredIds ? restoredIds : restoreGeneration);
  if (moved > maxProducerId) {
    throw new KopsError('KOPS_REFUSED', `producer id ${id} leaves no room for another restore`, {
      at: { offset: view.baseOffset },
      hint: 'Restore this partition with --method produce.',
    });
  }
  return moved;
}

/** The one deliberate copy: the view's memory belongs to somebody else. */
function copyOf(
  view: RecordBatchView,
  memory?: Uint8Array,
): { readonly bytes: Uint8Array; readonly data: DataView } {
  const bytes = memory ?? new Uint8Array(view.bytes);
  memory?.set(view.bytes);
  return { bytes, data: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

function setProducer(data: DataView, producer: ProducerIdentity): void {
  data.setBigInt64(field.producerId, producer.producerId);
  data.setInt16(field.producerEpoch, producer.producerEpoch);
  data.setInt32(field.baseSequence, producer.baseSequence);
}

function seal(data: DataView, bytes: Uint8Array): void {
  data.setUint32(field.crc, crc32c(bytes.subarray(field.attributes)));
}
