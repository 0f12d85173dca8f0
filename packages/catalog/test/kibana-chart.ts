import type { Cell } from './kibana-panel-query.ts';

/*
 * Charts as SVG, for the pictures of docs/CATALOG.md: drawn from rows of panels. Not Kibana's drawing.
 */

/** Colors of a picture. */
export interface Theme {
  readonly page: string;
  readonly panel: string;
  readonly line: string;
  readonly text: string;
  readonly faint: string;
  readonly series: readonly string[];
}

export const themes: Readonly<Record<'light' | 'dark', Theme>> = {
  light: {
    page: '#f3f5f9',
    panel: '#ffffff',
    line: '#dde3ec',
    text: '#1d2a3e',
    faint: '#5a6a82',
    series: ['#2f6fd0', '#14958a', '#d98a0b', '#a8479b', '#7a869a', '#c0442f'],
  },
  dark: {
    page: '#0b1220',
    panel: '#141d2e',
    line: '#2a364b',
    text: '#e6ebf4',
    faint: '#94a3bb',
    series: ['#6aa5ff', '#3cc4b5', '#f0b04a', '#d98ad0', '#9fabbd', '#f0806a'],
  },
};

/** Points of one series: a value per place on the axis. */
export interface Series {
  readonly name: string;
  readonly points: ReadonlyMap<number, number>;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const round = (n: number): string => n.toFixed(1).replace(/\.0$/, '');

function label(x: number, y: number, text: string, theme: Theme, anchor = 'start'): string {
  return `<text x="${round(x)}" y="${round(y)}" fill="${theme.faint}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

const svg = ({ width, height }: Box, body: string): string =>
  `<svg width="${String(width)}" height="${String(height)}" font-size="11">${body}</svg>`;

function legend(names: readonly string[], x: number, theme: Theme): string {
  return names
    .map((name, index) => {
      const y = 14 + index * 17;
      return `<rect x="${round(x)}" y="${String(y - 8)}" width="9" height="9" rx="2" fill="${theme.series[index % theme.series.length] ?? ''}"/>${label(x + 14, y, name, theme)}`;
    })
    .join('');
}

interface Scale {
  readonly x: (time: number) => number;
  readonly y: (value: number) => number;
  readonly slot: number;
}

function plot(
  box: Box,
  most: number,
  times: readonly number[],
  right: number,
): Scale & { readonly area: Box; readonly left: number } {
  const left = 62;
  const area = { width: box.width - left - right, height: box.height - 26 };
  const slot = area.width / times.length;
  const [start = 0] = times;
  const step = (times[1] ?? start + 1) - start;
  return {
    area,
    left,
    slot,
    x: (time) => left + ((time - start) / step + 0.5) * slot,
    y: (value) => 4 + (area.height - 4) * (1 - value / most),
  };
}

function axes(
  scale: ReturnType<typeof plot>,
  most: number,
  times: readonly number[],
  theme: Theme,
  format: (value: number) => string,
): string {
  const { left, area, x, y } = scale;
  // Half of one is no number of things.
  const parts = most === 1 ? [0, 1] : [0, 0.5, 1];
  const rules = parts.map((part) => {
    const at = y(most * part);
    return `<line x1="${String(left)}" x2="${round(left + area.width)}" y1="${round(at)}" y2="${round(at)}" stroke="${theme.line}"/>${label(left - 6, at + 4, format(most * part), theme, 'end')}`;
  });
  const days = times.filter((_, index) => index % 5 === 0);
  const names = days.map((time) =>
    label(x(time), area.height + 18, new Date(time).toISOString().slice(5, 10), theme, 'middle'),
  );
  return [...rules, ...names].join('');
}

/** Series along time as stacked bars, stacked areas or lines. */
export function timeChart(
  chart: {
    readonly shape: 'bar_stacked' | 'area_stacked' | 'line';
    readonly series: readonly Series[];
    readonly times: readonly number[];
    readonly format: (value: number) => string;
  },
  box: Box,
  theme: Theme,
): string {
  const { shape, series, times, format } = chart;
  const isStacked = shape !== 'line';
  const sums = times.map((time) =>
    series.reduce((sum, { points }) => sum + (points.get(time) ?? 0), 0),
  );
  const greatest = Math.max(
    1,
    ...(isStacked ? sums : series.flatMap(({ points }) => [...points.values()])),
  );
  // An even number has a middle.
  const most = greatest > 1 && greatest < 20 ? 2 * Math.ceil(greatest / 2) : greatest;
  const isSeveral = series.length > 1;
  const scale = plot(box, most, times, isSeveral ? 128 : 8);
  const below = new Map<number, number>();
  const shapes = series.map(({ points }, index) => {
    const color = theme.series[index % theme.series.length] ?? '';
    if (!isStacked) return polyline(points, scale, color);
    const edges = times.map((time) => {
      const from = below.get(time) ?? 0;
      below.set(time, from + (points.get(time) ?? 0));
      return { time, from, to: from + (points.get(time) ?? 0) };
    });
    return shape === 'bar_stacked' ? bars(edges, scale, color) : area(edges, scale, color);
  });
  return svg(
    box,
    axes(scale, most, times, theme, format) +
      shapes.join('') +
      (isSeveral
        ? legend(
            series.map(({ name }) => name),
            box.width - 118,
            theme,
          )
        : ''),
  );
}

interface Edge {
  readonly time: number;
  readonly from: number;
  readonly to: number;
}

function bars(edges: readonly Edge[], { x, y, slot }: Scale, color: string): string {
  return edges
    .filter(({ from, to }) => to > from)
    .map(({ time, from, to }) => {
      const width = slot * 0.72;
      return `<rect x="${round(x(time) - width / 2)}" y="${round(y(to))}" width="${round(width)}" height="${round(y(from) - y(to))}" fill="${color}"/>`;
    })
    .join('');
}

function area(edges: readonly Edge[], { x, y }: Scale, color: string): string {
  const top = edges.map(({ time, to }) => `${round(x(time))},${round(y(to))}`);
  const bottom = edges.map(({ time, from }) => `${round(x(time))},${round(y(from))}`);
  return `<polygon points="${[...top, ...bottom.reverse()].join(' ')}" fill="${color}" opacity="0.85"/>`;
}

function polyline(points: ReadonlyMap<number, number>, { x, y }: Scale, color: string): string {
  const places = [...points].map(([time, value]) => [round(x(time)), round(y(value))] as const);
  const dots = places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="2.5" fill="${color}"/>`);
  return `<polyline points="${places.map((place) => place.join(',')).join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join('')}`;
}

/** A bar per row, of its name and value. */
export function barList(
  rows: readonly (readonly [string, number])[],
  format: (value: number) => string,
  box: Box,
  theme: Theme,
): string {
  const most = Math.max(1, ...rows.map(([, value]) => value));
  const slot = Math.min(30, box.height / Math.max(1, rows.length));
  const left = 104;
  const room = box.width - left - 84;
  const body = rows.map(([name, value], index) => {
    const y = index * slot;
    const width = (room * value) / most;
    const height = slot * 0.62;
    return `${label(left - 8, y + height * 0.8, name, theme, 'end')}<rect x="${String(left)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="2" fill="${theme.series[0] ?? ''}"/>${label(left + width + 6, y + height * 0.8, format(value), theme)}`;
  });
  return svg(box, body.join(''));
}

/** Shares as a ring, with their numbers beside. */
export function donut(
  rows: readonly (readonly [string, number])[],
  box: Box,
  theme: Theme,
): string {
  const total = rows.reduce((sum, [, value]) => sum + value, 0);
  const radius = Math.min(box.height, box.width * 0.5) / 2 - 14;
  const around = 2 * Math.PI * radius;
  const center = `cx="${round(radius + 22)}" cy="${round(box.height / 2)}"`;
  let done = 0;
  const arcs = rows.map(([, value], index) => {
    const part = (value / total) * around;
    const arc = `<circle ${center} r="${round(radius)}" fill="none" stroke="${theme.series[index % theme.series.length] ?? ''}" stroke-width="24" stroke-dasharray="${round(Math.max(0, part - 1.5))} ${round(around)}" stroke-dashoffset="${round(-done)}"/>`;
    done += part;
    return arc;
  });
  const names = rows.map(
    ([name, value]) => `${name}: ${String(Math.round((value / total) * 100))} %`,
  );
  return svg(box, arcs.join('') + legend(names, radius * 2 + 60, theme));
}

/** Rows under their titles; as many as there is room for. */
export function tableOf(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  box: Box,
): string {
  const most = Math.min(7, Math.max(1, Math.floor(box.height / 22) - 1));
  const row = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const body = rows.slice(0, most).map((cells) => row(cells, 'td'));
  return `<table>${row(titles, 'th')}${body.join('')}</table>`;
}

/** Whether a cell is a number. */
export const isNumber = (cell: Cell | undefined): cell is number => typeof cell === 'number';
