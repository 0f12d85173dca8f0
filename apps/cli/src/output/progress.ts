import { formatCount } from '@kops/core';
import { formatBytes, formatDuration, formatRate } from '@kops/service';

/** How far a command is. */
export interface ProgressState {
  /** What is counted, e.g. `backup`. */
  readonly label: string;
  /** Done and all, in whatever unit decides the share; all is 0 while unknown. */
  readonly done: bigint;
  readonly total: bigint;
  /** What went through so far, and so the rate: bytes, or records where bytes are not known. */
  readonly bytes?: bigint;
  readonly records?: bigint;
  /** A few words at the end of the line. */
  readonly detail: string;
}

const plainEveryMs = 5_000;
const drawEveryMs = 100;
const barWidth = 24;

/** Shows progress on stderr: one line that redraws itself on a terminal, a plain line every few seconds elsewhere. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #quiet: boolean;
  readonly #started = performance.now();
  /** Elsewhere than on a terminal short commands show no progress at all. */
  #drawnAt = performance.now();
  #drawn = false;

  constructor(options: { readonly quiet?: boolean; readonly stream?: NodeJS.WriteStream } = {}) {
    this.#stream = options.stream ?? process.stderr;
    if (this.#stream.isTTY) this.#drawnAt = Number.NEGATIVE_INFINITY;
    this.#quiet = options.quiet ?? false;
  }

  update(state: ProgressState): void {
    const now = performance.now();
    const every = this.#stream.isTTY ? drawEveryMs : plainEveryMs;
    if (this.#quiet || now - this.#drawnAt < every) return;
    this.#drawnAt = now;
    const text = describeProgress(state, now - this.#started);
    if (this.#stream.isTTY) {
      const columns = this.#stream.columns || 80;
      this.#stream.write(`\r\u001b[2K${text.slice(0, columns - 1)}`);
      this.#drawn = true;
    } else {
      this.#stream.write(`${text}\n`);
    }
  }

  /** Writes a line of its own above the progress. */
  note(text: string): void {
    if (this.#quiet) return;
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  /** Takes the line off the screen. */
  clear(): void {
    if (this.#drawn) this.#stream.write('\r\u001b[2K');
    this.#drawn = false;
  }
}

/** One line: share, bytes, rate and the time left. */
export function describeProgress(
  { label, done, total, bytes, records, detail }: ProgressState,
  elapsedMs: number,
): string {
  const share = total === 0n ? undefined : Number((done * 1000n) / total) / 1000;
  const parts = [label];
  if (share !== undefined)
    parts.push(`${bar(share)} ${String(Math.floor(share * 100)).padStart(3)} %`);
  if (bytes !== undefined)
    parts.push(formatBytes(bytes), formatRate(bytes, Math.max(1, elapsedMs)));
  if (records !== undefined) parts.push(`${formatCount(records)} records`);
  if (share !== undefined && share > 0 && share < 1)
    parts.push(`${formatDuration((elapsedMs / share) * (1 - share))} left`);
  if (detail !== '') parts.push(detail);
  return parts.join('  ');
}

function bar(share: number): string {
  const filled = Math.round(share * barWidth);
  return `[${'='.repeat(filled)}${' '.repeat(barWidth - filled)}]`;
}
