import {
  attribute,
  codecs,
  field,
  logOverhead,
  minBatchLength,
  supportedMagic,
} from './batch-layout.ts';
import type { CompressionCodec, TimestampType } from './batch-layout.ts';
import { corruptBatch, unsupportedMagic } from './batch-errors.ts';

/**
 * Zero-copy view of one record batch of magic 2. Every getter reads from the bytes; nothing is copied or kept.
 *
 * The view checks only that the bytes are one whole batch of magic 2; {@link validateBatch} checks the rest.
 * Whoever changes the bytes changes the view.
 *
 * Layout: https://kafka.apache.org/documentation/#recordbatch
 */
export class RecordBatchView {
  /** The whole batch, header included. */
  readonly bytes: Uint8Array;
  readonly #data: DataView;

  /**
   * @param bytes exactly one whole batch
   * @throws KOPS_BATCH_CORRUPT when the bytes are shorter or longer than the batch they start with
   * @throws KOPS_MAGIC_UNSUPPORTED for any magic but 2
   */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.byteLength <= field.magic) {
      throw corruptBatch(`record batch of ${bytes.byteLength} bytes is shorter than any header`);
    }
    if (this.magic !== supportedMagic)
      throw unsupportedMagic(this.magic, { offset: this.baseOffset });
    if (
      bytes.byteLength < logOverhead + minBatchLength ||
      this.batchLength !== bytes.byteLength - logOverhead
    ) {
      throw corruptBatch(
        `record batch claims ${this.batchLength} bytes after its length field, there are ${bytes.byteLength - logOverhead}`,
        { offset: this.baseOffset },
      );
    }
  }

  /** Offset of the first record the batch was appended with. */
  get baseOffset(): bigint {
    return this.#data.getBigInt64(field.baseOffset);
  }

  /** Bytes after the length field, as stored. */
  get batchLength(): number {
    return this.#data.getInt32(field.batchLength);
  }

  /** Bytes of the whole batch. */
  get sizeInBytes(): number {
    return this.bytes.byteLength;
  }

  get partitionLeaderEpoch(): number {
    return this.#data.getInt32(field.partitionLeaderEpoch);
  }

  get magic(): number {
    return this.#data.getInt8(field.magic);
  }

  /** Stored CRC-32C as unsigned 32-bit number; covers everything from `attributes` to the end. */
  get crc(): number {
    return this.#data.getUint32(field.crc);
  }

  /** The 16 attribute bits as stored. */
  get attributes(): number {
    return this.#data.getInt16(field.attributes);
  }

  /** @throws KOPS_BATCH_CORRUPT for a codec id that Kafka does not define */
  get codec(): CompressionCodec {
    const id = this.attributes & attribute.codecMask;
    const codec = codecs[id];
    if (codec === undefined)
      throw corruptBatch(`unknown compression codec ${id}`, { offset: this.baseOffset });
    return codec;
  }

  get timestampType(): TimestampType {
    return (this.attributes & attribute.logAppendTime) === 0 ? 'CreateTime' : 'LogAppendTime';
  }

  get isTransactional(): boolean {
    return (this.attributes & attribute.transactional) !== 0;
  }

  /** Whether the batch holds a transaction marker (or another control record) instead of data. */
  get isControl(): boolean {
    return (this.attributes & attribute.control) !== 0;
  }

  /** Whether compaction put its delete horizon in place of the base timestamp (KIP-534). */
  get hasDeleteHorizon(): boolean {
    return (this.attributes & attribute.deleteHorizon) !== 0;
  }

  get lastOffsetDelta(): number {
    return this.#data.getInt32(field.lastOffsetDelta);
  }

  /** Last offset the batch was appended with; compaction may have removed its record. */
  get lastOffset(): bigint {
    return this.baseOffset + BigInt(this.lastOffsetDelta);
  }

  /** Offset after the batch. */
  get nextOffset(): bigint {
    return this.lastOffset + 1n;
  }

  /** What the records' timestamp deltas count from, in ms since the epoch; the delete horizon if {@link hasDeleteHorizon}. */
  get baseTimestamp(): bigint {
    return this.#data.getBigInt64(field.baseTimestamp);
  }

  /** Largest timestamp in ms since the epoch; with LogAppendTime that of every record. -1 when there is none. */
  get maxTimestamp(): bigint {
    return this.#data.getBigInt64(field.maxTimestamp);
  }

  /** -1 without idempotence. */
  get producerId(): bigint {
    return this.#data.getBigInt64(field.producerId);
  }

  /** -1 without idempotence. */
  get producerEpoch(): number {
    return this.#data.getInt16(field.producerEpoch);
  }

  /** -1 without idempotence and for control batches. */
  get baseSequence(): number {
    return this.#data.getInt32(field.baseSequence);
  }

  /** Records the batch claims to hold; 0 when compaction removed them all. */
  get recordCount(): number {
    return this.#data.getInt32(field.recordCount);
  }

  /** The records section as stored, that is compressed by {@link codec}. */
  get payload(): Uint8Array {
    return this.bytes.subarray(field.payload);
  }
}
