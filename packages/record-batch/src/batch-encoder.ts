import { KopsError } from '@kops/core';
import {
  attribute,
  codecs,
  field,
  logOverhead,
  maxBatchLength,
  supportedMagic,
} from './batch-layout.ts';
import type { CompressionCodec, TimestampType } from './batch-layout.ts';
import { compress } from './compression.ts';
import { crc32c } from './crc32c.ts';
import type { KafkaRecord } from './record.ts';
import { writeRecords } from './record-writer.ts';

/** The header of a batch to build. What is absent follows from the records. */
export interface EncodeOptions {
  /** Default: the first record's offset. */
  readonly baseOffset?: bigint;
  /** Default: the last record's offset. Larger when the records after it were removed. */
  readonly lastOffset?: bigint;
  /** In ms since the epoch. Default: the first record's timestamp. */
  readonly baseTimestamp?: bigint;
  /** In ms since the epoch. Default: the largest timestamp of the records, -1 without records. */
  readonly maxTimestamp?: bigint;
  /** Without records the batch is uncompressed. */
  readonly codec: CompressionCodec;
  readonly timestampType: TimestampType;
  /** Default: -1, as for the two that follow. */
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  /** Default: -1. */
  readonly partitionLeaderEpoch?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** Whether `baseTimestamp` is compaction's delete horizon (KIP-534). */
  readonly hasDeleteHorizon?: boolean;
  /** Refuses holes between the records, which no broker takes from a producer. */
  readonly contiguous?: boolean;
}

interface Extent {
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
}

/**
 * Builds a batch of magic 2, with CRC. Offsets may have holes unless `contiguous`.
 *
 * Needed only where a stored batch must be cut; everything else keeps the bytes of the source. With LogAppendTime all
 * records read back with `maxTimestamp`.
 *
 * @throws KOPS_USAGE for offsets that do not ascend or do not fit one batch, no records without base and last offset,
 *   a header key that is not well-formed text, or a batch of more than 2 GiB
 */
export function encodeBatch(records: readonly KafkaRecord[], options: EncodeOptions): Uint8Array {
  const extent = extentOf(records, options);
  checkRecords(records, extent, options.contiguous ?? false);
  const baseTimestamp = options.baseTimestamp ?? records[0]?.timestamp ?? -1n;
  const plain = writeRecords(records, extent.baseOffset, baseTimestamp);
  // Batches that compaction emptied say `none`, whatever their records' codec was.
  const codec = records.length === 0 ? 'none' : options.codec;
  const payload = compress(codec, plain);
  return assemble(payload, records.length, extent, {
    ...options,
    codec,
    baseTimestamp,
    maxTimestamp: options.maxTimestamp ?? largestTimestamp(records),
  });
}

function extentOf(records: readonly KafkaRecord[], options: EncodeOptions): Extent {
  const baseOffset = options.baseOffset ?? records[0]?.offset;
  const lastOffset = options.lastOffset ?? records.at(-1)?.offset;
  if (baseOffset === undefined || lastOffset === undefined) {
    throw usage('a batch without records needs a base and a last offset');
  }
  const delta = lastOffset - baseOffset;
  if (baseOffset < 0n || delta < 0n || delta > 0x7fff_ffffn) {
    throw usage(`offsets ${baseOffset} to ${lastOffset} do not fit one batch`, baseOffset);
  }
  return { baseOffset, lastOffset };
}

function checkRecords(records: readonly KafkaRecord[], extent: Extent, contiguous: boolean): void {
  let expected = extent.baseOffset;
  for (const { offset, headers } of records) {
    if (offset < expected || offset > extent.lastOffset)
      throw usage(`record out of order, expected ${expected}`, offset);
    if (contiguous && offset !== expected)
      throw usage(`hole before the record, expected ${expected}`, offset);
    for (const { key, keyBytes } of headers) {
      // A lone surrogate has no UTF-8 form and would silently become another key.
      if (keyBytes === undefined && !key.isWellFormed())
        throw usage('header key is not well-formed text', offset);
    }
    expected = offset + 1n;
  }
  if (contiguous && expected !== extent.lastOffset + 1n)
    throw usage('hole after the last record', expected);
}

function largestTimestamp(records: readonly KafkaRecord[]): bigint {
  return records.reduce(
    (max, { timestamp }) => (timestamp > max ? timestamp : max),
    records[0]?.timestamp ?? -1n,
  );
}

type Header = EncodeOptions & { readonly baseTimestamp: bigint; readonly maxTimestamp: bigint };

function assemble(
  payload: Uint8Array,
  recordCount: number,
  extent: Extent,
  header: Header,
): Uint8Array {
  const batchLength = field.payload - logOverhead + payload.byteLength;
  if (batchLength > maxBatchLength)
    throw usage(`batch of ${batchLength} bytes is too large`, extent.baseOffset);
  const bytes = new Uint8Array(logOverhead + batchLength);
  const data = new DataView(bytes.buffer);
  data.setBigInt64(field.baseOffset, extent.baseOffset);
  data.setInt32(field.batchLength, batchLength);
  data.setInt32(field.partitionLeaderEpoch, header.partitionLeaderEpoch ?? -1);
  data.setInt8(field.magic, supportedMagic);
  data.setInt16(field.attributes, attributesOf(header));
  data.setInt32(field.lastOffsetDelta, Number(extent.lastOffset - extent.baseOffset));
  data.setBigInt64(field.baseTimestamp, header.baseTimestamp);
  data.setBigInt64(field.maxTimestamp, header.maxTimestamp);
  data.setBigInt64(field.producerId, header.producerId ?? -1n);
  data.setInt16(field.producerEpoch, header.producerEpoch ?? -1);
  data.setInt32(field.baseSequence, header.baseSequence ?? -1);
  data.setInt32(field.recordCount, recordCount);
  bytes.set(payload, field.payload);
  data.setUint32(field.crc, crc32c(bytes.subarray(field.attributes)));
  return bytes;
}

function attributesOf(header: Header): number {
  return (
    codecs.indexOf(header.codec) |
    (header.timestampType === 'LogAppendTime' ? attribute.logAppendTime : 0) |
    (header.isTransactional === true ? attribute.transactional : 0) |
    (header.isControl === true ? attribute.control : 0) |
    (header.hasDeleteHorizon === true ? attribute.deleteHorizon : 0)
  );
}

function usage(message: string, offset?: bigint): KopsError {
  return new KopsError('KOPS_USAGE', `cannot encode the batch: ${message}`, {
    ...(offset === undefined ? {} : { at: { offset } }),
    hint: 'Report this defect of kops.',
  });
}
