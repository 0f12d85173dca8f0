/** A column of a Lens layer: a bucket or a metric. */
export interface LensColumn {
  readonly label: string;
  readonly customLabel: true;
  readonly dataType: 'number' | 'date' | 'string';
  readonly isBucketed: boolean;
  readonly scale: 'ratio' | 'ordinal' | 'interval';
  readonly operationType: MetricOperation | BucketOperation;
  readonly sourceField: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Operations of Lens that give a number per bucket. */
export type MetricOperation = 'count' | 'sum' | 'max' | 'average' | 'unique_count';

/** Operations of Lens that make buckets. */
export type BucketOperation = 'terms' | 'date_histogram';

/** Lens' name for the documents themselves, which are counted. */
export const recordsField = '___records___';

function metric(
  operationType: MetricOperation,
  sourceField: string,
  label: string,
  of: Partial<LensColumn> = {},
): LensColumn {
  return {
    label,
    customLabel: true,
    dataType: 'number',
    isBucketed: false,
    scale: 'ratio',
    operationType,
    sourceField,
    // Zero is shown: that no offset was lost is worth knowing.
    params: { emptyAsNull: false },
    ...of,
  };
}

/** Number of documents. */
export const count = (label: string): LensColumn => metric('count', recordsField, label);

/** Sum of a field of numbers. */
export const sum = (field: string, label: string): LensColumn => metric('sum', field, label);

/** Mean of a field of numbers. */
export const average = (field: string, label: string): LensColumn =>
  metric('average', field, label);

/** Greatest value of a field of numbers. */
export const max = (field: string, label: string): LensColumn => metric('max', field, label);

/** Latest time of a field of dates. */
export const latest = (field: string, label: string): LensColumn =>
  metric('max', field, label, { dataType: 'date' });

/** How many different values there are, about. */
export const uniqueCount = (field: string, label: string): LensColumn =>
  metric('unique_count', field, label);

/** A bucket for each of the most frequent values, ordered by a metric of the layer. */
export function terms(
  field: string,
  label: string,
  options: {
    readonly orderedBy: string;
    readonly size?: number;
    /** A bucket for all the values beyond `size`. */
    readonly withOther?: boolean;
  },
): LensColumn {
  return {
    label,
    customLabel: true,
    dataType: 'string',
    isBucketed: true,
    scale: 'ordinal',
    operationType: 'terms',
    sourceField: field,
    params: {
      size: options.size ?? 10,
      orderBy: { type: 'column', columnId: options.orderedBy },
      orderDirection: 'desc',
      otherBucket: options.withOther ?? false,
      missingBucket: false,
      parentFormat: { id: 'terms' },
    },
  };
}

/** Buckets of time, as wide as the picture has room for. */
export function overTime(
  field: string,
  label: string,
  options: {
    /** Times at which nothing was are shown as such; lines are drawn through them otherwise. */
    readonly withEmpty: boolean;
  },
): LensColumn {
  return {
    label,
    customLabel: true,
    dataType: 'date',
    isBucketed: true,
    scale: 'interval',
    operationType: 'date_histogram',
    sourceField: field,
    params: { interval: 'auto', includeEmptyRows: options.withEmpty, dropPartials: false },
  };
}
