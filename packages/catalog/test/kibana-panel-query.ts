import { timeField } from '../src/kibana/data-views.ts';
import type { LensColumn } from '../src/kibana/lens-columns.ts';
import type { SavedObject } from '../src/kibana/index.ts';
import { period } from './kibana-sample.ts';

/*
 * What Kibana makes of a saved object, read from the object as it is imported and from nothing else: Lens' form-based layers
 * become one nested aggregation, saved searches a sorted search. Source: Lens' operations (`toEsAggsFn`) and Kibana's
 * `buildEsQuery` for Lucene's syntax.
 */

type Json = Readonly<Record<string, unknown>>;

/** A column with its id. */
export interface PanelColumn extends LensColumn {
  readonly id: string;
}

/** How a field is used. */
export interface FieldUse {
  readonly field: string;
  readonly as: LensColumn['operationType'] | 'date' | 'query' | 'column' | 'sort' | 'format';
}

/** The search that an object makes. */
export interface PanelQuery {
  readonly index: string;
  readonly query: string;
  readonly columns: readonly PanelColumn[];
  readonly uses: readonly FieldUse[];
  readonly body: Json;
}

/** Attributes of an object, or JSON within. */
export const parsed = (text: unknown): Json => JSON.parse(text as string) as Json;

const intervalMs = 86_400_000;

/** The data view that an object refers to. */
function dataViewOf(object: SavedObject, all: readonly SavedObject[]): SavedObject {
  const [id] = object.references.filter(({ type }) => type === 'index-pattern').map((to) => to.id);
  const found = all.find((other) => other.type === 'index-pattern' && other.id === id);
  if (found === undefined) throw new Error(`${object.id} refers to no data view`);
  return found;
}

function condition(query: string): Json {
  const inPeriod = { range: { [timeField]: { gte: period.from, lt: period.to } } };
  const words =
    query === '' ? { match_all: {} } : { query_string: { query, analyze_wildcard: true } };
  return { bool: { filter: [words, inPeriod] } };
}

/** Names of fields in a query of Lucene's syntax. */
const fieldsOf = (query: string): string[] =>
  [...query.matchAll(/([@\w.]+):/g)].map(([, field]) => field ?? '');

const esMetrics: Readonly<Record<string, string>> = {
  sum: 'sum',
  max: 'max',
  average: 'avg',
  unique_count: 'cardinality',
};

interface Order {
  readonly columnId: string;
}

function bucketAggregation(column: PanelColumn, columns: readonly PanelColumn[]): Json {
  const { params, sourceField: field } = column;
  if (column.operationType === 'date_histogram') {
    return {
      date_histogram: {
        field,
        fixed_interval: `${String(intervalMs)}ms`,
        ...(params['includeEmptyRows'] === true
          ? {
              min_doc_count: 0,
              extended_bounds: { min: period.from, max: period.to - 1 },
            }
          : { min_doc_count: 1 }),
      },
    };
  }
  const { columnId } = params['orderBy'] as Order;
  const by = columns.find(({ id }) => id === columnId);
  if (by === undefined) throw new Error(`ordered by ${columnId}, which is no column`);
  const key = by.operationType === 'count' ? '_count' : columnId;
  return { terms: { field, size: params['size'], order: { [key]: params['orderDirection'] } } };
}

function aggregations(columns: readonly PanelColumn[]): Json {
  const metrics = Object.fromEntries(
    columns.flatMap(({ id, isBucketed, operationType, sourceField }) =>
      isBucketed || operationType === 'count'
        ? []
        : [[id, { [esMetrics[operationType] ?? '']: { field: sourceField } }] as const],
    ),
  );
  return columns
    .filter(({ isBucketed }) => isBucketed)
    .reduceRight<Json>(
      // An order by a metric needs that metric beside the buckets that are inside.
      (inner, column) => ({
        [column.id]: { ...bucketAggregation(column, columns), aggs: { ...metrics, ...inner } },
      }),
      metrics,
    );
}

function columnsOf(lens: Json): PanelColumn[] {
  const state = lens['state'] as {
    datasourceStates: {
      formBased: {
        layers: Record<string, { columns: Record<string, LensColumn>; columnOrder: string[] }>;
      };
    };
  };
  const [layer] = Object.values(state.datasourceStates.formBased.layers);
  return (layer?.columnOrder ?? []).map((id) => ({ id, ...layer!.columns[id]! }));
}

/** The search that Lens makes for a panel. */
function lensQuery(object: SavedObject, all: readonly SavedObject[]): PanelQuery {
  const { query } = (object.attributes['state'] as { query: { query: string } }).query;
  const columns = columnsOf(object.attributes);
  return {
    index: dataViewOf(object, all).attributes['title'] as string,
    query,
    columns,
    uses: [
      ...columns
        .filter(({ operationType }) => operationType !== 'count')
        .map(({ sourceField, operationType, dataType }) => ({
          field: sourceField,
          as: dataType === 'date' ? ('date' as const) : operationType,
        })),
      ...fieldsOf(query).map((field) => ({ field, as: 'query' as const })),
    ],
    body: { size: 0, track_total_hits: true, query: condition(query), aggs: aggregations(columns) },
  };
}

/** The search that Discover makes. */
function searchQuery(object: SavedObject, all: readonly SavedObject[]): PanelQuery {
  const { attributes } = object;
  const meta = attributes['kibanaSavedObjectMeta'] as Json;
  const source = parsed(meta['searchSourceJSON']) as {
    query: { query: string };
    indexRefName: string;
  };
  if (!object.references.some(({ name }) => name === source.indexRefName))
    throw new Error(`${object.id} names a reference that it does not have`);
  const { query } = source.query;
  const sort = attributes['sort'] as [string, string][];
  const fields = attributes['columns'] as string[];
  return {
    index: dataViewOf(object, all).attributes['title'] as string,
    query,
    columns: [],
    uses: [
      ...fields.map((field) => ({ field, as: 'column' as const })),
      ...sort.map(([field]) => ({ field, as: 'sort' as const })),
      ...fieldsOf(query).map((field) => ({ field, as: 'query' as const })),
    ],
    body: {
      size: 500,
      query: condition(query),
      fields,
      sort: sort.map(([field, order]) => ({ [field]: order })),
    },
  };
}

/** Fields that a data view speaks of. */
function dataViewQuery({ attributes }: SavedObject): PanelQuery {
  return {
    index: attributes['title'] as string,
    query: '',
    columns: [],
    uses: [
      { field: attributes['timeFieldName'] as string, as: 'date' },
      ...Object.keys(parsed(attributes['fieldFormatMap'])).map((field) => ({
        field,
        as: 'format' as const,
      })),
    ],
    body: { size: 1, query: condition('') },
  };
}

/** The search that an object makes; dashboards make none of their own. */
export function queryOf(object: SavedObject, all: readonly SavedObject[]): PanelQuery | undefined {
  switch (object.type) {
    case 'lens':
      return lensQuery(object, all);
    case 'search':
      return searchQuery(object, all);
    case 'index-pattern':
      return dataViewQuery(object);
    case 'dashboard':
      return undefined;
  }
}

/** One cell of a panel: the key of a bucket or a number. */
export type Cell = string | number | null;

interface Bucket extends Json {
  readonly key: string | number;
  readonly key_as_string?: string;
  readonly doc_count: number;
}

/** Rows of an answer, a cell per column in the order of the panel. */
export function rowsOf(columns: readonly PanelColumn[], answer: Json): Cell[][] {
  const total = (answer['hits'] as { total: { value: number } }).total.value;
  const walk = (level: number, at: Json, count: number, keys: Cell[]): Cell[][] => {
    const column = columns[level];
    if (column?.isBucketed === true) {
      const { buckets } = at[column.id] as { buckets: Bucket[] };
      return buckets.flatMap((bucket) => {
        const isText = column.operationType === 'terms';
        const key = isText ? (bucket.key_as_string ?? bucket.key) : bucket.key;
        return walk(level + 1, bucket, bucket.doc_count, [...keys, key]);
      });
    }
    const metrics = columns
      .slice(level)
      .map(({ id, operationType }) =>
        operationType === 'count' ? count : (at[id] as { value: number | null }).value,
      );
    return [[...keys, ...metrics]];
  };
  return walk(0, (answer['aggregations'] ?? {}) as Json, total, []);
}

/**
 * The second search that Lens makes for a panel with a bucket for all other values: what the first one's buckets leave over, in
 * the columns that follow.
 */
export function otherValuesQuery(
  query: PanelQuery,
  rows: readonly Cell[][],
): PanelQuery | undefined {
  const [split, ...columns] = query.columns;
  if (split?.params['otherBucket'] !== true) return undefined;
  const { sourceField: field } = split;
  const seen = [...new Set(rows.map(([value]) => value))];
  const rest = { exists: { field } };
  const filter = [query.body['query'], rest];
  return {
    ...query,
    columns,
    body: {
      ...query.body,
      query: { bool: { filter, must_not: [{ terms: { [field]: seen } }] } },
      aggs: aggregations(columns),
    },
  };
}
