import { styleText } from 'node:util';

/** What a word tells. */
export type Verdict = 'ok' | 'warning' | 'failure';

const formats = { ok: 'green', warning: 'yellow', failure: 'red' } as const;

/** The lines of a report whose first word is its verdict, in the colour of the exit code. */
export function withVerdict(lines: readonly string[], exit: number): string[] {
  const [head = '', ...rest] = lines;
  const verdict = exit === 0 ? 'ok' : exit === 21 || exit === 22 ? 'warning' : 'failure';
  return [head.replace(/^[^:]+(?=:)/, (word) => coloured(verdict, word)), ...rest];
}

/** A word in the colour of what it tells, where the stream is a terminal; NO_COLOR and FORCE_COLOR decide otherwise. */
export function coloured(
  verdict: Verdict,
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string {
  return styleText(formats[verdict], text, { stream, validateStream: true });
}
