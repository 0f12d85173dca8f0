import { fitLines } from './fit-text.ts';
import { plainPaths } from './plain-paths.ts';
import { clearProgress } from './progress.ts';

/** Writes lines to stderr that go beside the result: above the progress, with plain paths, as wide as the terminal. */
export function writeNotice(text: string): void {
  const { isTTY, columns } = process.stderr;
  clearProgress();
  process.stderr.write(`${fitLines(plainPaths(text), isTTY ? columns : undefined)}\n`);
}
