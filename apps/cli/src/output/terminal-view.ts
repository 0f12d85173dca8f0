/** How results are shown where stdout goes. */
export interface TerminalView {
  /** Whether matches are bold. */
  readonly isBold: boolean;
  /** Columns of the terminal; undefined where there is none: a line may then be as long as it is. */
  readonly columns?: number | undefined;
}

/** The terminal of stdout; a pipe or a file is none. */
export function terminalView({ stdout, env } = process): TerminalView {
  if (!stdout.isTTY) return { isBold: false, columns: undefined };
  // A terminal that does not know its size says 0.
  const columns = stdout.columns > 0 ? stdout.columns : undefined;
  return { isBold: env['NO_COLOR'] === undefined, columns };
}
