import { stripVTControlCharacters } from 'node:util';
import { shortenedName, wrapped } from './fit-text.ts';
import { terminalView } from './terminal-view.ts';

/** A column of a table; numbers read best right-aligned. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Left out on a narrow terminal, those of the highest number first; columns without it stay. */
  readonly dropped?: number;
  /** Never shortened: an id that is typed again. */
  readonly isWhole?: boolean;
}

/** Characters of a cell that take room: escape sequences of colours and weights take none. */
const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;

const pad = (cell: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(cell)));

/** Cells are not shortened below this. */
const minCellWidth = 12;

type Rows = readonly (readonly string[])[];

/**
 * Lines of a table: columns padded to their widest cell, two spaces apart. On a terminal that is too narrow, columns are left out and then
 * the widest cells shortened; a pipe or a file gets all.
 */
export function formatTable(
  columns: readonly Column[],
  rows: Rows,
  terminalWidth = terminalView().columns,
): string[] {
  const shown = chosenColumns(columns, rows, terminalWidth ?? Number.POSITIVE_INFINITY);
  const widths = fittedWidths(
    shown.map((index) => widestOf(columns, rows, index)),
    shown.map((index) => columns[index]?.isWhole === true),
    terminalWidth ?? Number.POSITIVE_INFINITY,
  );
  const line = (cells: readonly string[]): string =>
    shown
      .map((index, place) => {
        const width = widths[place] ?? 0;
        const cell = shortenedName(cells[index] ?? '', width);
        const room = pad(cell, width);
        return columns[index]?.align === 'right' ? `${room}${cell}` : `${cell}${room}`;
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

const widestOf = (columns: readonly Column[], rows: Rows, index: number): number =>
  Math.max(columns[index]?.title.length ?? 0, ...rows.map((row) => widthOf(row[index] ?? '')));

const lineWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));

/** Places of the columns that are shown. */
function chosenColumns(columns: readonly Column[], rows: Rows, terminalWidth: number): number[] {
  const shown = columns.map((_, index) => index);
  const order = shown
    .filter((index) => columns[index]?.dropped !== undefined)
    .sort((a, b) => (columns[b]?.dropped ?? 0) - (columns[a]?.dropped ?? 0));
  for (const index of order) {
    if (lineWidth(shown.map((at) => widestOf(columns, rows, at))) <= terminalWidth) break;
    shown.splice(shown.indexOf(index), 1);
  }
  return shown;
}

/** Widths that fit, taken from the widest. */
function fittedWidths(
  widths: readonly number[],
  isWhole: readonly boolean[],
  terminalWidth: number,
): number[] {
  const fitted = [...widths];
  while (lineWidth(fitted) > terminalWidth) {
    const widest = Math.max(...fitted.filter((_, place) => isWhole[place] !== true));
    if (widest <= minCellWidth) break;
    const place = fitted.findIndex((width, at) => width === widest && isWhole[at] !== true);
    fitted[place] = widest - 1;
  }
  return fitted;
}

/** `key  value` lines with the values under each other, broken between words on a terminal. */
export function formatPairs(
  pairs: readonly (readonly [string, string])[],
  terminalWidth = terminalView().columns,
): string[] {
  const width = Math.max(0, ...pairs.map(([key]) => key.length));
  const room = Math.max(minCellWidth, (terminalWidth ?? Number.POSITIVE_INFINITY) - width - 2);
  return pairs.flatMap(([key, value]) =>
    wrapped(value, room).map((line, index) => `${(index === 0 ? key : '').padEnd(width)}  ${line}`),
  );
}
