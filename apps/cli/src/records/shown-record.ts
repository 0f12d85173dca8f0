import { isUtf8 } from 'node:buffer';
import type { KafkaRecord } from '@kops/record-batch';

/** Bytes as JSON can hold them: text where they are UTF-8, else base64. Null is null. */
export type ShownBytes = { readonly text: string } | { readonly base64: string } | null;

/** A header as it is shown. */
export interface ShownHeader {
  readonly key: string;
  /** The key as base64, where it is not UTF-8 and `key` therefore not the truth. */
  readonly keyBase64?: string;
  readonly value: ShownBytes;
}

/** A record as it is shown. */
export interface ShownRecord {
  /** Decimal. */
  readonly offset: string;
  /** Decimal, in ms since the epoch; -1 for none. */
  readonly timestamp: string;
  readonly key: ShownBytes;
  readonly value: ShownBytes;
  /** In their order, duplicates kept. */
  readonly headers: readonly ShownHeader[];
}

/** Copies what is shown of a record: the record itself may be a view that does not last. */
export function showRecord({ offset, timestamp, key, value, headers }: KafkaRecord): ShownRecord {
  return {
    offset: offset.toString(),
    timestamp: timestamp.toString(),
    key: showBytes(key),
    value: showBytes(value),
    headers: headers.map((header) => ({
      key: header.key,
      ...(header.keyBytes === undefined ? {} : { keyBase64: toBase64(header.keyBytes) }),
      value: showBytes(header.value),
    })),
  };
}

function showBytes(bytes: Uint8Array | null): ShownBytes {
  if (bytes === null) return null;
  return isUtf8(bytes) ? { text: asBuffer(bytes).toString('utf8') } : { base64: toBase64(bytes) };
}

function toBase64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64');
}

/** The same memory. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
