import type { SavedObject } from '../src/kibana/index.ts';
import {
  barList,
  donut,
  escaped,
  isNumber,
  tableOf,
  timeChart,
  type Box,
  type Series,
  type Theme,
} from './kibana-chart.ts';
import { parsed, type Cell, type PanelColumn, type PanelQuery } from './kibana-panel-query.ts';
import { period } from './kibana-sample.ts';

/** What a panel's search found: rows of a Lens panel, or documents' cells of a saved search. */
export interface PanelResult {
  readonly object: SavedObject;
  readonly query: PanelQuery;
  readonly formats: Readonly<Record<string, { readonly id: string; readonly params?: unknown }>>;
  readonly rows: readonly (readonly Cell[])[];
}

interface Placed {
  readonly panelIndex: string;
  readonly gridData: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
}

const width = 1240;
const gridColumn = width / 48;
const gridRow = 20;
const gap = 8;

/** The page of a dashboard: its panels where the dashboard puts them. */
export function dashboardPage(
  dashboard: SavedObject,
  results: ReadonlyMap<string, PanelResult>,
  theme: Theme,
): { readonly html: string; readonly height: number } {
  const panels = parsed(dashboard.attributes['panelsJSON']) as unknown as Placed[];
  const bottom = Math.max(...panels.map(({ gridData: { y, h } }) => y + h)) * gridRow;
  const drawn = panels.map(({ panelIndex, gridData: { x, y, w, h } }) => {
    const to = dashboard.references.find(({ name }) => name.startsWith(`${panelIndex}:`));
    const result = results.get(to?.id ?? '');
    if (result === undefined) throw new Error(`no result for panel ${panelIndex}`);
    const box = { width: w * gridColumn - gap - 24, height: h * gridRow - gap - 44 };
    const place = `left:${String(x * gridColumn)}px;top:${String(y * gridRow)}px;width:${String(w * gridColumn - gap)}px;height:${String(h * gridRow - gap)}px`;
    const title = String(result.object.attributes['title']).replace(/^\[[^\]]+\] /, '');
    return `<section style="${place}"><h2>${escaped(title)}</h2>${drawPanel(result, box, theme)}</section>`;
  });
  const title = escaped(String(dashboard.attributes['title']));
  const html = `<!doctype html><meta charset="utf-8"><style>${styleOf(theme)}</style><h1>${title}</h1><main style="height:${String(bottom)}px">${drawn.join('')}</main><footer>Drawn by kops from what the panels' queries find in a sample; not a screenshot of Kibana.</footer>`;
  return { html, height: bottom + 110 };
}

function styleOf({ page, panel, line, text, faint }: Theme): string {
  return `*{box-sizing:border-box;margin:0}body{width:${String(width + 40)}px;padding:20px;background:${page};color:${text};font:12px system-ui,sans-serif}h1{font-size:19px;margin-bottom:14px}main{position:relative}section{position:absolute;background:${panel};border:1px solid ${line};border-radius:6px;padding:10px 12px;overflow:hidden}h2{font-size:12px;font-weight:600;margin-bottom:10px}b{display:block;font-size:32px;font-weight:600;line-height:1}table{border-collapse:collapse;width:100%}th,td{text-align:left;height:22px;border-bottom:1px solid ${line};padding-right:10px;white-space:nowrap;overflow:hidden;max-width:300px;text-overflow:ellipsis}th{color:${faint};font-weight:500}footer{margin-top:12px;color:${faint}}svg{display:block;font-family:system-ui,sans-serif}`;
}

type Formatter = (cell: Cell) => string;

function formatterOf({ formats }: PanelResult, column: PanelColumn | undefined): Formatter {
  const format = column?.operationType === 'count' ? undefined : formats[column?.sourceField ?? ''];
  return (cell) => {
    if (cell === null) return '-';
    if (!isNumber(cell)) return cell;
    if (column?.dataType === 'date')
      return new Date(cell).toISOString().slice(0, 16).replace('T', ' ');
    if (format?.id === 'bytes') return inUnits(cell, 1024, ['B', 'KiB', 'MiB', 'GiB']);
    if (format?.id === 'duration') {
      const isNanoseconds = JSON.stringify(format.params).includes('nanoseconds');
      return inTime(isNanoseconds ? cell / 1e6 : cell);
    }
    return Math.round(cell).toLocaleString('en-US');
  };
}

function inUnits(value: number, step: number, units: readonly string[]): string {
  const power = Math.min(
    units.length - 1,
    Math.floor(Math.log(Math.max(1, value)) / Math.log(step)),
  );
  const scaled = value / step ** power;
  return `${scaled.toFixed(scaled < 10 && power > 0 ? 1 : 0)} ${units[power] ?? ''}`;
}

function inTime(ms: number): string {
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(0)} s`;
  return ms < 7_200_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

function drawPanel(result: PanelResult, box: Box, theme: Theme): string {
  const { object, query, rows } = result;
  if (object.type === 'search') {
    const titles = query.uses.filter(({ as }) => as === 'column').map(({ field }) => field);
    return tableOf(
      ['@timestamp', ...titles],
      rows.map((row) => row.map(String)),
      box,
    );
  }
  const { columns } = query;
  const formatters = columns.map((column) => formatterOf(result, column));
  const last = formatters.at(-1)!;
  const pairs = rows.map(([name, value]) => [String(name), Number(value)] as const);
  switch (object.attributes['visualizationType']) {
    case 'lnsMetric':
      return `<b>${escaped(last(rows[0]?.[0] ?? null))}</b>`;
    case 'lnsPie':
      return donut(pairs, box, theme);
    case 'lnsDatatable':
      return tableOf(
        columns.map(({ label }) => label),
        rows.map((row) => row.map((cell, index) => formatters[index]!(cell))),
        box,
      );
    default:
      return drawChart(result, pairs, last, box, theme);
  }
}

function drawChart(
  result: PanelResult,
  pairs: readonly (readonly [string, number])[],
  format: Formatter,
  box: Box,
  theme: Theme,
): string {
  const state = result.object.attributes['state'] as {
    visualization: { preferredSeriesType: string };
  };
  const shape = state.visualization.preferredSeriesType;
  if (shape === 'bar_horizontal') return barList(pairs, format, box, theme);
  const day = 86_400_000;
  const times = Array.from({ length: period.days }, (_, n) => period.from + n * day);
  const series = seriesOf(result);
  return timeChart(
    { shape: shape as 'bar_stacked' | 'area_stacked' | 'line', series, times, format },
    box,
    theme,
  );
}

/** A series per value of the split, or per metric. */
function seriesOf({ query: { columns }, rows }: PanelResult): Series[] {
  const at = columns.findIndex(({ operationType }) => operationType === 'date_histogram');
  const named = new Map<string, Map<number, number>>();
  for (const row of rows) {
    for (const [offset, { label }] of columns.slice(at + 1).entries()) {
      const name = at === 0 ? label : String(row[0]);
      const value = row[at + 1 + offset];
      const points = named.get(name) ?? new Map<number, number>();
      named.set(name, points);
      if (isNumber(value)) points.set(Number(row[at]), value);
    }
  }
  return [...named].map(([name, points]) => ({ name, points }));
}
