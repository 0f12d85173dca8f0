import type { KafkaRecord } from '@kops/record-batch';
import type { DifferenceKind } from '@kops/verify';

/** A deliberate damage. */
export interface Damage {
  readonly name: string;
  /** What the comparison has to call it; null for the control, of which it has to say nothing. */
  readonly kind: DifferenceKind | null;
  /** @param pivot index of a record that is followed by one of other content */
  readonly apply: (
    records: readonly KafkaRecord[],
    pivot: number,
  ) => { readonly records: KafkaRecord[]; readonly description: string };
}

/** One of each kind, and the control. */
export const damages: readonly Damage[] = [
  {
    name: 'unchanged',
    kind: null,
    apply: (records) => ({ records: [...records], description: 'nothing was changed' }),
  },
  {
    name: 'changed',
    kind: 'changed',
    apply: (records, pivot) => ({
      records: records.map((record, index) =>
        index === pivot ? { ...record, value: changed(record.value) } : record,
      ),
      description: `one byte of the value at source offset ${offsetAt(records, pivot)} was changed`,
    }),
  },
  {
    name: 'dropped',
    kind: 'missing',
    apply: (records, pivot) => ({
      records: records.filter((_, index) => index !== pivot),
      description: `the record at source offset ${offsetAt(records, pivot)} was dropped`,
    }),
  },
  {
    name: 'duplicated',
    kind: 'duplicated',
    apply: (records, pivot) => ({
      records: records.flatMap((record, index) => (index === pivot ? [record, record] : [record])),
      description: `the record at source offset ${offsetAt(records, pivot)} was written twice`,
    }),
  },
  {
    name: 'swapped',
    kind: 'swapped',
    apply: (records, pivot) => ({
      records: swap(records, pivot),
      description: `the records at source offsets ${offsetAt(records, pivot)} and ${offsetAt(records, pivot + 1)} were swapped`,
    }),
  },
];

function offsetAt(records: readonly KafkaRecord[], index: number): string {
  return String(records[index]?.offset);
}

/** Another value of the same length; of nothing, one byte. */
function changed(value: Uint8Array | null): Uint8Array {
  if (value === null || value.byteLength === 0) return Uint8Array.of(1);
  const copy = Uint8Array.from(value);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}

function swap(records: readonly KafkaRecord[], index: number): KafkaRecord[] {
  const [first, second] = [records[index], records[index + 1]];
  if (first === undefined || second === undefined) return [...records];
  return [...records.slice(0, index), second, first, ...records.slice(index + 2)];
}
