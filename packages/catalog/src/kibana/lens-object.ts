import type { IndexKind } from '../indices/index-definition.ts';
import type { CatalogPrefix } from '../indices/index-names.ts';
import { dataViewId } from './data-views.ts';
import type { LensColumn } from './lens-columns.ts';
import { storedQuery, versioned, type SavedObject } from './saved-object.ts';

/** What a panel of numbers shows, whatever its shape. */
export interface LensContent {
  /** Short name, unique among the panels of a catalog; the id is made of it. */
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly of: IndexKind;
  /** Only documents that this query of Lucene's syntax finds. */
  readonly query?: string;
}

/** Columns by id; buckets first, the outermost first of all. */
export type LensColumns = Readonly<Record<string, LensColumn>>;

/** Every panel has one layer. */
const layerId = 'layer';

const dataLayer = { layerId, layerType: 'data' } as const;

interface LensShape {
  readonly visualizationType: 'lnsMetric' | 'lnsXY' | 'lnsPie' | 'lnsDatatable';
  readonly visualization: Readonly<Record<string, unknown>>;
}

function lensObject(
  content: LensContent,
  columns: LensColumns,
  shape: LensShape,
  prefix: CatalogPrefix,
): SavedObject {
  const { name, title, description = '', of, query = '' } = content;
  const layer = { columns, columnOrder: Object.keys(columns), incompleteColumns: {} };
  return versioned({
    type: 'lens',
    id: `${prefix}-panel-${name}`,
    attributes: {
      title,
      description,
      visualizationType: shape.visualizationType,
      state: {
        visualization: shape.visualization,
        query: storedQuery(query),
        filters: [],
        datasourceStates: { formBased: { layers: { [layerId]: layer } } },
        internalReferences: [],
        adHocDataViews: {},
      },
    },
    references: [
      {
        type: 'index-pattern',
        id: dataViewId(of, prefix),
        name: `indexpattern-datasource-layer-${layerId}`,
      },
    ],
  });
}

/** One big number. */
export function metricPanel(
  content: LensContent,
  metric: LensColumn,
  prefix: CatalogPrefix,
): SavedObject {
  return lensObject(
    content,
    { metric },
    {
      visualizationType: 'lnsMetric',
      visualization: { ...dataLayer, metricAccessor: 'metric' },
    },
    prefix,
  );
}

/** Bars, areas and lines along an axis. */
export function chartPanel(
  content: LensContent,
  chart: {
    readonly series: 'bar_stacked' | 'bar_horizontal' | 'area_stacked' | 'line';
    readonly x: LensColumn;
    /** One series per value of this. */
    readonly split?: LensColumn;
    readonly metrics: LensColumns;
    readonly yTitle?: string;
  },
  prefix: CatalogPrefix,
): SavedObject {
  const { series, x, split, metrics, yTitle } = chart;
  const isSeveral = split !== undefined || Object.keys(metrics).length > 1;
  // The split comes first: the values with the most in all, and not those of each bucket of time.
  const columns = { ...(split === undefined ? {} : { split }), x, ...metrics };
  return lensObject(
    content,
    columns,
    {
      visualizationType: 'lnsXY',
      visualization: {
        preferredSeriesType: series,
        legend: { isVisible: isSeveral, position: 'right' },
        valueLabels: 'hide',
        axisTitlesVisibilitySettings: { x: false, yLeft: true, yRight: true },
        ...(yTitle === undefined ? {} : { yTitle }),
        layers: [
          {
            ...dataLayer,
            seriesType: series,
            xAccessor: 'x',
            accessors: Object.keys(metrics),
            ...(split === undefined ? {} : { splitAccessor: 'split' }),
          },
        ],
      },
    },
    prefix,
  );
}

/** Shares of a whole. */
export function donutPanel(
  content: LensContent,
  donut: { readonly slices: LensColumn; readonly metric: LensColumn },
  prefix: CatalogPrefix,
): SavedObject {
  return lensObject(
    content,
    { slices: donut.slices, metric: donut.metric },
    {
      visualizationType: 'lnsPie',
      visualization: {
        shape: 'donut',
        layers: [
          {
            ...dataLayer,
            primaryGroups: ['slices'],
            metrics: ['metric'],
            numberDisplay: 'percent',
            categoryDisplay: 'default',
            legendDisplay: 'show',
            nestedLegend: false,
          },
        ],
      },
    },
    prefix,
  );
}

/** A table: a row per bucket. */
export function tablePanel(
  content: LensContent,
  columns: LensColumns,
  prefix: CatalogPrefix,
): SavedObject {
  return lensObject(
    content,
    columns,
    {
      visualizationType: 'lnsDatatable',
      visualization: {
        ...dataLayer,
        columns: Object.keys(columns).map((columnId) => ({ columnId })),
      },
    },
    prefix,
  );
}
