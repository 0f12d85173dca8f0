import type { KafkaRecord, RecordHeader } from '@kops/record-batch';

/** Whether two records are the same in all but the offset, without copying anything. */
export function sameRecord(a: KafkaRecord, b: KafkaRecord): boolean {
  return (
    a.timestamp === b.timestamp &&
    sameBytes(a.key, b.key) &&
    sameBytes(a.value, b.value) &&
    sameHeaders(a.headers, b.headers)
  );
}

/** Null and empty are different. */
function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0;
}

/** Order, duplicates and null values count. */
function sameHeaders(a: readonly RecordHeader[], b: readonly RecordHeader[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((header, index) => {
    const other = b[index];
    return (
      header.key === other?.key &&
      sameBytes(header.keyBytes ?? null, other.keyBytes ?? null) &&
      sameBytes(header.value, other.value)
    );
  });
}
