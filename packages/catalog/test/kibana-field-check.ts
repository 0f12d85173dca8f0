import type { FieldUse, PanelQuery } from './kibana-panel-query.ts';

/** Answer of Elasticsearch's `_field_caps`. */
export interface FieldCaps {
  readonly fields: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly searchable: boolean; readonly aggregatable: boolean }>>
    >
  >;
}

const numbers = ['long', 'integer'];
const anyType = undefined;

/** Types that a use of a field needs. */
const fitting: Readonly<Record<FieldUse['as'], readonly string[] | undefined>> = {
  terms: ['keyword', 'boolean'],
  unique_count: ['keyword', ...numbers],
  sum: numbers,
  average: numbers,
  max: numbers,
  format: numbers,
  count: anyType,
  date: ['date'],
  date_histogram: ['date'],
  sort: ['date', 'keyword', ...numbers],
  query: anyType,
  column: anyType,
};

const isAggregated = (use: FieldUse): boolean => !['query', 'column'].includes(use.as);

/** What is wrong with the fields of a panel, against the real mapping. */
export function problemsOfFields({ uses }: PanelQuery, { fields }: FieldCaps): string[] {
  return uses.flatMap((use) => {
    const { field, as } = use;
    const types = Object.entries(fields[field] ?? {});
    if (types.length !== 1) return [`${field}: ${types.length === 0 ? 'unknown' : 'of two types'}`];
    const [type, { aggregatable, searchable }] = types[0]!;
    if (isAggregated(use) && !aggregatable) return [`${field}: ${type} cannot be aggregated`];
    if (!searchable) return [`${field}: cannot be searched`];
    return fitting[as]?.includes(type) === false ? [`${field}: ${type} does not fit ${as}`] : [];
  });
}
