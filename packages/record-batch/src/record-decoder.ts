import { ByteReader } from './byte-reader.ts';
import { decompressPayload, defaultDecodeLimits, type DecodeLimits } from './compression.ts';
import type { KafkaRecord, RecordHeader } from './record.ts';
import type { RecordBatchView } from './record-batch-view.ts';

/*
 * A record (https://kafka.apache.org/documentation/#record): varint length, int8 attributes (unused), varlong timestamp
 * delta, varint offset delta, varint key length and key, varint value length and value, varint header count, then per
 * header varint key length and key, varint value length and value. Lengths of -1 mean null.
 */

/** A header takes at least two bytes: its key's and its value's length. */
const minHeaderBytes = 2;

/**
 * All records of a batch, in order. See {@link iterateRecords}, which holds one record at a time.
 * @throws KOPS_BATCH_CORRUPT when the bytes are not records
 * @throws KOPS_REFUSED when they decompress to more than the limit
 */
export function decodeRecords(
  view: RecordBatchView,
  limits: DecodeLimits = defaultDecodeLimits,
): KafkaRecord[] {
  return [...iterateRecords(view, limits)];
}

/**
 * Decodes the records of a batch one by one. The batch is decompressed as a whole at the first step.
 *
 * Keys, values and header values are views of that memory: copy what must outlive the batch. With LogAppendTime every
 * record has the batch's time. Call {@link validateBatch} first: a wrong CRC is not looked for here.
 * Works for control batches too; their records are those of {@link decodeControlRecord}.
 *
 * @throws KOPS_BATCH_CORRUPT when the bytes are not records, offsets do not ascend within the batch, or bytes are left over
 * @throws KOPS_REFUSED when they decompress to more than the limit
 */
export function* iterateRecords(
  view: RecordBatchView,
  limits: DecodeLimits = defaultDecodeLimits,
): Generator<KafkaRecord> {
  const plain = decompressPayload(view, limits);
  const reader = new ByteReader(plain, { offset: view.baseOffset });
  const { baseOffset, baseTimestamp, lastOffsetDelta, recordCount } = view;
  const appendTime = view.timestampType === 'LogAppendTime' ? view.maxTimestamp : undefined;
  let previousDelta = -1;
  for (let i = 0; i < recordCount; i++) {
    reader.enter(reader.readVarint());
    reader.readByte();
    const timestampDelta = reader.readVarlong();
    const offsetDelta = reader.readVarint();
    if (offsetDelta <= previousDelta || offsetDelta > lastOffsetDelta) {
      throw reader.corrupt(
        `offset delta ${offsetDelta} after ${previousDelta}, the last is ${lastOffsetDelta}`,
      );
    }
    previousDelta = offsetDelta;
    const record: KafkaRecord = {
      offset: baseOffset + BigInt(offsetDelta),
      timestamp: appendTime ?? BigInt.asIntN(64, baseTimestamp + timestampDelta),
      key: reader.takeNullable(),
      value: reader.takeNullable(),
      headers: readHeaders(reader),
    };
    reader.leave();
    yield record;
  }
  if (reader.remaining !== 0)
    throw reader.corrupt(`${reader.remaining} bytes after the last record`);
}

function readHeaders(reader: ByteReader): readonly RecordHeader[] {
  const count = reader.readVarint();
  if (count < 0 || count * minHeaderBytes > reader.remaining)
    throw reader.corrupt(`${count} headers`);
  const headers: RecordHeader[] = [];
  for (let i = 0; i < count; i++) {
    const { text, malformed } = reader.takeText(reader.readVarint());
    const value = reader.takeNullable();
    headers.push({ key: text, value, ...(malformed === undefined ? {} : { keyBytes: malformed }) });
  }
  return headers;
}
