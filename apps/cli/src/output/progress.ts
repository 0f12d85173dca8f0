import { formatCount } from '@kops/core';
import { formatBytes, formatDuration, formatRate } from '@kops/service';
import { fitLines, shortened } from './fit-text.ts';
import { plainPaths } from './plain-paths.ts';

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
const maxBarWidth = 24;
const minBarWidth = 5;

/** Lines that are on the screen now. */
const shown = new Set<ProgressLine>();

/** Takes the progress off the screen, before something else is written. */
export function clearProgress(): void {
  for (const line of shown) line.clear();
}

/** Where progress goes, how and when. */
export interface ProgressOptions {
  readonly quiet?: boolean;
  readonly stream?: NodeJS.WriteStream;
  readonly now?: () => Date;
}

/**
 * Shows progress on stderr: one line that redraws itself on a terminal, a plain line with its time every few seconds elsewhere.
 */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #quiet: boolean;
  readonly #now: () => Date;
  readonly #started = performance.now();
  /** Elsewhere than on a terminal short commands show no progress at all. */
  #drawnAt = performance.now();

  constructor({ quiet, stream, now }: ProgressOptions = {}) {
    this.#stream = stream ?? process.stderr;
    if (this.#stream.isTTY) this.#drawnAt = Number.NEGATIVE_INFINITY;
    this.#quiet = quiet ?? false;
    this.#now = now ?? ((): Date => new Date());
  }

  update(state: ProgressState): void {
    const now = performance.now();
    const every = this.#stream.isTTY ? drawEveryMs : plainEveryMs;
    if (this.#quiet || now - this.#drawnAt < every) return;
    this.#drawnAt = now;
    const elapsedMs = now - this.#started;
    if (this.#stream.isTTY) {
      const columns = this.#stream.columns || 80;
      this.#stream.write(`\r\u001b[2K${describeProgress(state, elapsedMs, columns - 1)}`);
      shown.add(this);
    } else {
      this.event(describeProgress(state, elapsedMs));
    }
  }

  /** Writes lines of their own above the progress. */
  note(text: string): void {
    if (this.#quiet) return;
    this.clear();
    this.#stream.write(
      `${fitLines(plainPaths(text), this.#stream.isTTY ? this.#stream.columns : undefined)}\n`,
    );
  }

  /** Writes what has just happened: as {@link note}, and with its time where no one may be looking on. */
  event(text: string): void {
    this.note(this.#stream.isTTY ? text : `${this.#now().toISOString()} ${text}`);
  }

  /** Takes the line off the screen. */
  clear(): void {
    if (!shown.delete(this)) return;
    this.#stream.write('\r\u001b[2K');
  }
}

/** One line: share, bytes, rate, the time left, details. Where it is too long the bar is shortened first, then what matters least is left out. */
export function describeProgress(state: ProgressState, elapsedMs: number, width = 1_000): string {
  const parts = partsOf(state, elapsedMs);
  for (const without of [[], ['bytes'], ['bytes', 'label']] as const) {
    const kept = parts.filter(({ name }) => !(without as readonly string[]).includes(name));
    const text = kept.map((part) => part.text).join('  ');
    if (text.length > width) continue;
    const share = kept.findIndex(({ name }) => name === 'share');
    // Brackets and a space come with a bar.
    const room = Math.min(maxBarWidth, width - text.length - 3);
    if (share < 0 || state.total === 0n || room < minBarWidth) return text;
    return kept
      .map((part, index) =>
        index === share ? `${bar(shareOf(state), room)} ${part.text}` : part.text,
      )
      .join('  ');
  }
  return shortened(parts.map((part) => part.text).join('  '), width);
}

interface Part {
  readonly name: 'label' | 'share' | 'bytes' | 'rate' | 'records' | 'left' | 'detail';
  readonly text: string;
}

const shareOf = ({ done, total }: ProgressState): number => Number((done * 1000n) / total) / 1000;

function partsOf(state: ProgressState, elapsedMs: number): Part[] {
  const { label, total, bytes, records, detail } = state;
  const share = total === 0n ? undefined : shareOf(state);
  const parts: Part[] = [{ name: 'label', text: label }];
  if (share !== undefined)
    parts.push({ name: 'share', text: `${String(Math.floor(share * 100)).padStart(3)} %` });
  if (bytes !== undefined)
    parts.push(
      { name: 'bytes', text: formatBytes(bytes) },
      { name: 'rate', text: formatRate(bytes, Math.max(1, elapsedMs)) },
    );
  if (records !== undefined)
    parts.push({ name: 'records', text: `${formatCount(records)} records` });
  if (share !== undefined && share > 0 && share < 1)
    parts.push({ name: 'left', text: `${formatDuration((elapsedMs / share) * (1 - share))} left` });
  if (detail !== '') parts.push({ name: 'detail', text: detail });
  return parts;
}

function bar(share: number, width: number): string {
  const filled = Math.round(share * width);
  return `[${'='.repeat(filled)}${' '.repeat(width - filled)}]`;
}
