import { createHash, hash } from 'node:crypto';
import type { Offset } from '@kops/core';
import { recordDigest, type KafkaRecord, type TimestampType } from '@kops/record-batch';

/** Headers of which the prints are kept; all are part of the digest. */
const maxHeaders = 16;
const previewBytes = 24;

/** Bytes as they can be told and compared without keeping them. */
export interface FieldPrint {
  /** Null for null. */
  readonly length: number | null;
  readonly sha256: string;
  readonly preview: string;
}

/** What is kept of a record that has to wait for its counterpart: a few hundred bytes, whatever the record's size. */
export interface RecordPrint {
  readonly offset: Offset;
  /** Of timestamp, key, value and headers. */
  readonly digest: string;
  readonly timestamp: bigint;
  readonly timestampType: TimestampType;
  readonly key: FieldPrint;
  readonly value: FieldPrint;
  readonly headerCount: number;
  readonly headersSha256: string;
  readonly headers: string;
}

export function printRecord(record: KafkaRecord, timestampType: TimestampType): RecordPrint {
  const shown = record.headers
    .slice(0, maxHeaders)
    .map(({ key, value }) => `${key}=${preview(value)}`);
  return {
    offset: record.offset,
    digest: recordDigest(record),
    timestamp: record.timestamp,
    timestampType,
    key: printField(record.key),
    value: printField(record.value),
    headerCount: record.headers.length,
    headersSha256: headersSum(record),
    headers: `[${shown.join(', ')}${record.headers.length > maxHeaders ? ', …' : ''}]`.slice(
      0,
      200,
    ),
  };
}

/** What differs between two records that should be the same, in the order of the protocol. The timestamp's type is looked at elsewhere. */
export function differingFields(source: RecordPrint, target: RecordPrint): string[] {
  const fields: string[] = [];
  if (source.timestamp !== target.timestamp) fields.push('timestamp');
  if (!sameField(source.key, target.key)) fields.push('key');
  if (!sameField(source.value, target.value)) fields.push('value');
  if (source.headersSha256 !== target.headersSha256) fields.push('headers');
  return fields;
}

/** `value "v1" (2 bytes) became null`, for each of the fields. */
export function describeFields(
  fields: readonly string[],
  source: RecordPrint,
  target: RecordPrint,
): string {
  return fields
    .map((field) => `${field} ${fieldText(field, source)} became ${fieldText(field, target)}`)
    .join('; ');
}

/** A record in a few words. */
export function describeRecord({ key, value, timestamp }: RecordPrint): string {
  return `key ${key.preview}, value ${value.preview}, timestamp ${timestamp}`;
}

function fieldText(field: string, print: RecordPrint): string {
  switch (field) {
    case 'timestamp':
      return String(print.timestamp);
    case 'timestampType':
      return print.timestampType;
    case 'headers':
      return print.headers;
    default:
      return describeField(field === 'key' ? print.key : print.value);
  }
}

function describeField({ length, preview: text, sha256 }: FieldPrint): string {
  if (length === null || length <= previewBytes) return text;
  return `${text} (${length} bytes, SHA-256 ${sha256.slice(0, 8)}…)`;
}

function sameField(a: FieldPrint, b: FieldPrint): boolean {
  return a.length === b.length && a.sha256 === b.sha256;
}

function printField(bytes: Uint8Array | null): FieldPrint {
  return {
    length: bytes?.byteLength ?? null,
    sha256: bytes === null ? '' : hash('sha256', bytes, 'hex'),
    preview: preview(bytes),
  };
}

/** Text where it is text, else hex; `null` and `""` tell null from empty. */
function preview(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  const start = Buffer.from(
    bytes.buffer,
    bytes.byteOffset,
    Math.min(bytes.byteLength, previewBytes),
  );
  const more = bytes.byteLength > previewBytes ? '…' : '';
  const text = start.toString('utf8');
  const isText = /^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(text) && !text.includes('\uFFFD');
  return isText ? `${JSON.stringify(text)}${more}` : `0x${start.toString('hex')}${more}`;
}

/** Order, duplicates and null count; lengths keep two different lists from hashing the same bytes. */
function headersSum({ headers }: KafkaRecord): string {
  const sum = createHash('sha256');
  for (const { key, keyBytes, value } of headers) {
    const name = keyBytes ?? Buffer.from(key, 'utf8');
    sum.update(`${name.byteLength},${value?.byteLength ?? -1};`).update(name);
    if (value !== null) sum.update(value);
  }
  return sum.digest('hex');
}
