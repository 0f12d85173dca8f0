import type { KafkaRecord } from './record.ts';
import { headerKeyBytes } from './record-digest.ts';

interface EncodableHeader {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** A record whose deltas and encoded size are known. */
interface Sized {
  readonly record: KafkaRecord;
  readonly headers: readonly EncodableHeader[];
  readonly timestampDelta: bigint;
  readonly offsetDelta: number;
  readonly bodyBytes: number;
}

/** The records section in plain; sizes are computed first, so that it is one allocation. */
export function writeRecords(
  records: readonly KafkaRecord[],
  baseOffset: bigint,
  baseTimestamp: bigint,
): Uint8Array {
  const sized = records.map((record) => sizeRecord(record, baseOffset, baseTimestamp));
  const total = sized.reduce((sum, { bodyBytes }) => sum + varintBytes(bodyBytes) + bodyBytes, 0);
  const writer = new Writer(total);
  for (const record of sized) writeRecord(writer, record);
  return writer.bytes;
}

function sizeRecord(record: KafkaRecord, baseOffset: bigint, baseTimestamp: bigint): Sized {
  const timestampDelta = BigInt.asIntN(64, record.timestamp - baseTimestamp);
  const offsetDelta = Number(record.offset - baseOffset);
  const headers = record.headers.map((header) => ({
    key: headerKeyBytes(header),
    value: header.value,
  }));
  let bodyBytes = 1 + varlongBytes(timestampDelta) + varintBytes(offsetDelta);
  bodyBytes +=
    nullableBytes(record.key) + nullableBytes(record.value) + varintBytes(headers.length);
  for (const { key, value } of headers) bodyBytes += nullableBytes(key) + nullableBytes(value);
  return { record, headers, timestampDelta, offsetDelta, bodyBytes };
}

function writeRecord(
  writer: Writer,
  { record, headers, timestampDelta, offsetDelta, bodyBytes }: Sized,
): void {
  writer.varint(bodyBytes);
  writer.byte(0);
  writer.varlong(timestampDelta);
  writer.varint(offsetDelta);
  writer.nullable(record.key);
  writer.nullable(record.value);
  writer.varint(headers.length);
  for (const { key, value } of headers) {
    writer.nullable(key);
    writer.nullable(value);
  }
}

class Writer {
  readonly bytes: Uint8Array;
  #position = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  byte(value: number): void {
    this.bytes[this.#position++] = value;
  }

  varint(value: number): void {
    let rest = zigzag32(value);
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  varlong(value: bigint): void {
    let rest = zigzag64(value);
    for (; rest >= 0x80n; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80);
    this.byte(Number(rest));
  }

  nullable(value: Uint8Array | null): void {
    this.varint(value?.byteLength ?? -1);
    if (value === null) return;
    this.bytes.set(value, this.#position);
    this.#position += value.byteLength;
  }
}

function zigzag32(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function zigzag64(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = zigzag32(value); rest >= 0x80; rest >>>= 7) bytes++;
  return bytes;
}

function varlongBytes(value: bigint): number {
  let bytes = 1;
  for (let rest = zigzag64(value); rest >= 0x80n; rest >>= 7n) bytes++;
  return bytes;
}

function nullableBytes(value: Uint8Array | null): number {
  return varintBytes(value?.byteLength ?? -1) + (value?.byteLength ?? 0);
}
