import { stripVTControlCharacters } from 'node:util';

/** A column of a table; numbers read best right-aligned. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Characters of a cell that take room: escape sequences of colours and weights take none. */
const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;

const pad = (cell: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(cell)));

/** Lines of a table: columns padded to their widest cell, two spaces apart. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const room = pad(cell, widths[index] ?? 0);
        return columns[index]?.align === 'right' ? `${room}${cell}` : `${cell}${room}`;
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

/** `key  value` lines with the values under each other. */
export function formatPairs(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...pairs.map(([key]) => key.length));
  return pairs.map(([key, value]) => `${key.padEnd(width)}  ${value}`);
}
