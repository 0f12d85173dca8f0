import type { IndexKind } from '../indices/index-definition.ts';
import { kindAlias, type CatalogPrefix } from '../indices/index-names.ts';
import { versioned, type SavedObject } from './saved-object.ts';

/** How Kibana shows the numbers of a field. */
interface FieldFormat {
  readonly id: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const bytes: FieldFormat = { id: 'bytes' };

const durationIn = (inputFormat: 'milliseconds' | 'nanoseconds'): FieldFormat => ({
  id: 'duration',
  params: { inputFormat, outputFormat: 'humanizePrecise', outputPrecision: 1 },
});

const milliseconds = durationIn('milliseconds');

/** ECS has durations in nanoseconds. */
const span = { 'event.duration': durationIn('nanoseconds') };

interface DataViewContent {
  readonly name: string;
  readonly formats: Readonly<Record<string, FieldFormat>>;
}

const drillTimes = [
  'rpo_ms',
  'rto_ms',
  'newest_record_age_ms',
  'rpo_objective_ms',
  'rto_objective_ms',
  'sandbox_ms',
  'restore_ms',
  'compare_ms',
  'self_test_ms',
];

const contents: Readonly<Record<IndexKind, DataViewContent>> = {
  archives: { name: 'Archives', formats: { ...span, 'kops.bytes': bytes } },
  segments: { name: 'Segments', formats: { 'kops.bytes': bytes, 'kops.stored_bytes': bytes } },
  drills: {
    name: 'Drills',
    formats: {
      ...span,
      ...Object.fromEntries(drillTimes.map((name) => [`kops.drill.${name}`, milliseconds])),
    },
  },
  events: { name: 'Events', formats: span },
  records: {
    name: 'Archived records',
    formats: { 'kafka.key_bytes': bytes, 'kafka.value_bytes': bytes },
  },
};

/** The field that Kibana's time picker applies to: every kind of document has it. */
export const timeField = '@timestamp';

/** Id of the data view of a kind. */
export function dataViewId(kind: IndexKind, prefix: CatalogPrefix): string {
  return `${prefix}-${kind}`;
}

/** The indices that a data view looks at: the alias of the kind; those of all topics for records. */
export function dataViewPattern(kind: IndexKind, prefix: CatalogPrefix): string {
  return kind === 'records' ? `${kindAlias(kind, prefix)}-*` : kindAlias(kind, prefix);
}

/** The data view of a kind of document. It can be imported before there is an index. */
export function dataView(kind: IndexKind, prefix: CatalogPrefix): SavedObject {
  const { name, formats } = contents[kind];
  return versioned({
    type: 'index-pattern',
    id: dataViewId(kind, prefix),
    attributes: {
      title: dataViewPattern(kind, prefix),
      name: `[${prefix}] ${name}`,
      timeFieldName: timeField,
      allowNoIndex: true,
      fieldAttrs: '{}',
      fieldFormatMap: JSON.stringify(formats),
      fields: '[]',
      runtimeFieldMap: '{}',
      sourceFilters: '[]',
      typeMeta: '{}',
    },
    references: [],
  });
}
