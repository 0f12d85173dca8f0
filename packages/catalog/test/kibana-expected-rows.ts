import { timeField } from '../src/kibana/data-views.ts';
import type { Cell, PanelColumn } from './kibana-panel-query.ts';
import { period } from './kibana-sample.ts';

/*
 * What a panel must show, counted in the documents themselves: the other half of the comparison with Elasticsearch.
 */

type Fields = Readonly<Record<string, unknown>>;

/** Values of a field by its path; none where it is absent. */
export function valuesOf(document: Fields, path: string): (string | number)[] {
  const found = path
    .split('.')
    .reduce<unknown>((at, name) => (at as Fields | undefined)?.[name], document);
  if (found === undefined || found === null) return [];
  return ([found].flat() as unknown[]).map((value) =>
    typeof value === 'boolean' ? String(value) : (value as string | number),
  );
}

/** The queries that panels use, as predicates. */
const queries: Readonly<Record<string, (document: Fields) => boolean>> = {
  '': () => true,
  'kops.complete:false': (document) => valuesOf(document, 'kops.complete')[0] === 'false',
  'event.outcome:failure': (document) => valuesOf(document, 'event.outcome')[0] === 'failure',
  'kafka.tombstone:true': (document) => valuesOf(document, 'kafka.tombstone')[0] === 'true',
  'kops.masked:*': (document) => valuesOf(document, 'kops.masked').length > 0,
};

const timeOf = (document: Fields): number => Date.parse(String(valuesOf(document, timeField)[0]));

/** Documents that a query finds in the period. */
export function findDocuments(documents: readonly Fields[], query: string): Fields[] {
  const holds = queries[query];
  if (holds === undefined) throw new Error(`no predicate for ${query}`);
  return documents.filter(
    (document) =>
      holds(document) && timeOf(document) >= period.from && timeOf(document) < period.to,
  );
}

function measure(column: PanelColumn, documents: readonly Fields[]): number | null {
  if (column.operationType === 'count') return documents.length;
  const values = documents.flatMap((document) => valuesOf(document, column.sourceField));
  if (column.operationType === 'unique_count') return new Set(values).size;
  const numbers = values.map((value) => (typeof value === 'number' ? value : Date.parse(value)));
  const total = numbers.reduce((sum, value) => sum + value, 0);
  if (column.operationType === 'sum') return total;
  if (numbers.length === 0) return null;
  return column.operationType === 'average' ? total / numbers.length : Math.max(...numbers);
}

const day = 86_400_000;

type Groups = [Cell, Fields[]][];

function byDay(column: PanelColumn, documents: readonly Fields[]): Groups {
  const groups = Array.from({ length: period.days }, (_, n): [number, Fields[]] => {
    const start = period.from + n * day;
    return [start, documents.filter((one) => timeOf(one) >= start && timeOf(one) < start + day)];
  });
  return column.params['includeEmptyRows'] === true
    ? groups
    : groups.filter(([, members]) => members.length > 0);
}

function byValue(
  column: PanelColumn,
  columns: readonly PanelColumn[],
  documents: readonly Fields[],
): Groups {
  const { columnId } = column.params['orderBy'] as { columnId: string };
  const by = columns.find(({ id }) => id === columnId)!;
  const values = [...new Set(documents.flatMap((one) => valuesOf(one, column.sourceField)))];
  const groups = values.map((value): [string | number, Fields[], number] => {
    const members = documents.filter((one) => valuesOf(one, column.sourceField).includes(value));
    return [value, members, measure(by, members) ?? -Infinity];
  });
  return groups
    .sort(([a, , x], [b, , y]) => y - x || (a < b ? -1 : 1))
    .slice(0, column.params['size'] as number)
    .map(([value, members]) => [value, members]);
}

/** The rows of a panel over documents. */
export function expectedRows(
  columns: readonly PanelColumn[],
  documents: readonly Fields[],
): Cell[][] {
  const walk = (level: number, members: readonly Fields[]): Cell[][] => {
    const column = columns[level];
    if (column?.isBucketed !== true)
      return [columns.slice(level).map((metric) => measure(metric, members))];
    const groups =
      column.operationType === 'date_histogram'
        ? byDay(column, members)
        : byValue(column, columns, members);
    return groups.flatMap(([key, inside]) => walk(level + 1, inside).map((row) => [key, ...row]));
  };
  return walk(0, documents);
}
