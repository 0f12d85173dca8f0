import { hash } from 'node:crypto';
import type { KafkaRecord, RecordHeader } from './record.ts';

/**
 * SHA-256 of a record's content as 64 hex digits, to compare records wherever they lie: timestamp, key, value and
 * headers in their order count, the offset does not.
 *
 * Hashed bytes, big endian: int64 timestamp; key; value; int32 header count; per header key and value. Each of them is
 * an int32 length and its bytes, length -1 for null, so that no two different records hash the same bytes.
 */
export function recordDigest(record: Omit<KafkaRecord, 'offset'>): string {
  const headers = record.headers.map((header) => ({
    key: headerKeyBytes(header),
    value: header.value,
  }));
  let size = 8 + 4 + sizeOf(record.key) + sizeOf(record.value);
  for (const { key, value } of headers) size += sizeOf(key) + sizeOf(value);
  // A copy into one piece: far cheaper than a hash object with an update for each field.
  const bytes = Buffer.allocUnsafe(size);
  let position = bytes.writeBigInt64BE(record.timestamp);
  position = append(bytes, position, record.key);
  position = append(bytes, position, record.value);
  position = bytes.writeInt32BE(headers.length, position);
  for (const { key, value } of headers) {
    position = append(bytes, position, key);
    position = append(bytes, position, value);
  }
  return hash('sha256', bytes, 'hex');
}

/** The key as stored in the batch. */
export function headerKeyBytes(header: RecordHeader): Uint8Array {
  return header.keyBytes ?? Buffer.from(header.key, 'utf8');
}

function sizeOf(bytes: Uint8Array | null): number {
  return 4 + (bytes?.byteLength ?? 0);
}

function append(target: Buffer, position: number, bytes: Uint8Array | null): number {
  const start = target.writeInt32BE(bytes?.byteLength ?? -1, position);
  if (bytes === null) return start;
  target.set(bytes, start);
  return start + bytes.byteLength;
}
