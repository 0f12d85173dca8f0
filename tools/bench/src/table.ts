/** Lines of a table for a terminal; the first row is the heading, columns from the second on are aligned right unless told. */
export function formatTable(rows: readonly (readonly string[])[], leftColumns = 1): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const format = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column < leftColumns
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const [heading = [], ...rest] = rows.map(format);
  return [String(heading), '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)), ...rest];
}
