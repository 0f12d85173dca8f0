import type { Readable } from 'node:stream';
import { KopsError } from '@kops/core';

/** Options of {@link withStopSignal}. */
export interface StopOptions {
  /** A stream that ends when the parent process does (a child's `process.stdin`): its end stops the work. */
  readonly parent?: Readable;
  /** What SIGHUP does: it stops as SIGTERM does (the default), or it only calls back, for a process that outlives its terminal. */
  readonly hangup?: 'stop' | (() => void);
  /** How long the work may take to end once it was told to; default 60,000 ms. Then the process ends at once. */
  readonly graceMs?: number;
  /** Ends the process at once; `process.exit` unless a test says otherwise. */
  readonly exit?: (code: number) => void;
}

const interruptedExitCode = 130;
const defaultGraceMs = 60_000;
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Reasons of signals that were aborted by a SIGHUP. */
const hangups = new WeakSet<object>();

/** Whether work was stopped because its terminal is gone, rather than by somebody's wish. */
export function wasHungUp(signal: AbortSignal): boolean {
  const reason: unknown = signal.reason;
  return typeof reason === 'object' && reason !== null && hangups.has(reason);
}

function interrupted(why: string): KopsError {
  return new KopsError('KOPS_INTERRUPTED', why, {
    hint: 'Run the same command again to resume: durable data is kept.',
  });
}

/** Calls back once when the stream ends, however it ends; gives back how to stop watching. */
function watchParent(parent: Readable, onGone: () => void): () => void {
  const events = ['end', 'close', 'error'] as const;
  for (const event of events) parent.on(event, onGone);
  // Without reading, an end is never seen.
  parent.resume();
  return () => {
    for (const event of events) parent.off(event, onGone);
    parent.pause();
    // An open pipe would keep the process alive.
    (parent as { unref?: () => void }).unref?.();
  };
}

/**
 * Runs work that can be stopped: the first SIGINT, SIGTERM or SIGHUP (or the parent's end) aborts the signal with KOPS_INTERRUPTED and
 * leaves the work time to end well; a second SIGINT or SIGTERM, or the end of that time, ends the process at once with 130. A second
 * SIGHUP does nothing: shells and systemd send it besides others.
 * Settles as the work does: work that ends well after it was stopped is no failure.
 */
export async function withStopSignal<T>(
  main: (signal: AbortSignal) => Promise<T>,
  options: StopOptions = {},
): Promise<T> {
  const controller = new AbortController();
  const exit = options.exit ?? ((code: number) => process.exit(code));
  const endNow = (): void => {
    exit(interruptedExitCode);
  };
  let grace: NodeJS.Timeout | undefined;
  const stop = (why: string): void => {
    if (controller.signal.aborted) return;
    grace = setTimeout(endNow, options.graceMs ?? defaultGraceMs);
    const reason = interrupted(why);
    if (why === 'SIGHUP') hangups.add(reason);
    controller.abort(reason);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    if (name === 'SIGHUP' && typeof options.hangup === 'function') options.hangup();
    else if (!controller.signal.aborted) stop(name);
    else if (name !== 'SIGHUP') endNow();
  };
  for (const name of stopSignals) process.on(name, onSignal);
  const unwatch =
    options.parent === undefined
      ? undefined
      : watchParent(options.parent, () => {
          stop('the parent process exited');
        });
  try {
    return await main(controller.signal);
  } finally {
    clearTimeout(grace);
    for (const name of stopSignals) process.off(name, onSignal);
    unwatch?.();
  }
}
