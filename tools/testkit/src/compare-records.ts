import { formatTopicPartition } from '@kops/core';
import type { OracleRecord } from './oracle-record.ts';

/** A field of a record that can be compared. */
export type RecordField = Exclude<keyof OracleRecord, 'topic' | 'partition'>;

/** All that a restored record must have kept. The leader epoch belongs to the cluster and is not among them. */
export const contentFields: readonly RecordField[] = [
  'offset',
  'timestamp',
  'timestampType',
  'key',
  'value',
  'headers',
];

/** Outcome of {@link compareRecords}. */
export interface RecordComparison {
  readonly equal: boolean;
  /** Pairs of records that were looked at. */
  readonly compared: number;
  /** The first difference, for people; undefined when equal. */
  readonly difference: string | undefined;
}

/** What to compare. */
export interface CompareOptions {
  /** {@link contentFields} unless given. */
  readonly fields?: readonly RecordField[];
  /** Comparing nothing with nothing is a difference unless allowed. */
  readonly allowEmpty?: boolean;
}

function byPartition<T extends Pick<OracleRecord, 'topic' | 'partition'>>(
  records: Iterable<T>,
): Map<string, T[]> {
  return Map.groupBy(records, formatTopicPartition);
}

/** Text as it is, where it is text; base64 otherwise. Long values are cut. */
function showContent(base64: string): string {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  // eslint-disable-next-line no-control-regex -- control characters are what tells bytes from text
  const isBinary = /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text);
  const shown = isBinary ? `base64 ${base64}` : JSON.stringify(text);
  return shown.length > 200
    ? `${shown.slice(0, 200)}… (${String(shown.length)} characters)`
    : shown;
}

function show(field: RecordField, value: OracleRecord[RecordField] | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return field === 'key' || field === 'value' ? showContent(value) : value;
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}

function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
}

function differingField(
  expected: OracleRecord,
  actual: Partial<OracleRecord>,
  fields: readonly RecordField[],
): string | undefined {
  const field = fields.find((name) => !isSame(expected[name], actual[name]));
  if (field === undefined) return undefined;
  return `${field}: expected ${show(field, expected[field])}, got ${show(field, actual[field])}`;
}

/**
 * Compares records by partition, in order, field by field: content, not counts.
 * Partitions and records that only one side has are differences too, and so is having compared nothing.
 */
export function compareRecords(
  expected: Iterable<OracleRecord>,
  actual: Iterable<OracleRecord>,
  options: CompareOptions = {},
): RecordComparison {
  const fields = options.fields ?? contentFields;
  const wanted = byPartition(expected);
  const found = byPartition(actual);
  let compared = 0;
  const differ = (difference: string): RecordComparison => ({ equal: false, compared, difference });
  for (const name of new Set([...wanted.keys(), ...found.keys()])) {
    const left = wanted.get(name) ?? [];
    const right = found.get(name) ?? [];
    for (let index = 0; index < Math.max(left.length, right.length); index++) {
      const a = left[index];
      const b = right[index];
      if (a === undefined)
        return differ(
          `${name}: got ${String(right.length)} records, expected ${String(left.length)}; the first surplus one has offset ${String(b?.offset)}`,
        );
      if (b === undefined)
        return differ(
          `${name}: got ${String(right.length)} records, expected ${String(left.length)}; the first missing one has offset ${String(a.offset)}`,
        );
      const difference = differingField(a, b, fields);
      compared++;
      if (difference !== undefined)
        return differ(
          `${name}, record ${String(index)}, expected offset ${String(a.offset)}: ${difference}`,
        );
    }
  }
  if (compared === 0 && options.allowEmpty !== true) return differ('nothing was compared');
  return { equal: true, compared, difference: undefined };
}

/** Throws the first difference of {@link compareRecords}. Returns how many records were compared. */
export function assertSameRecords(
  expected: Iterable<OracleRecord>,
  actual: Iterable<OracleRecord>,
  options: CompareOptions = {},
): number {
  const comparison = compareRecords(expected, actual, options);
  if (comparison.difference !== undefined)
    throw new Error(`records differ: ${comparison.difference}`);
  return comparison.compared;
}
