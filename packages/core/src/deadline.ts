import { KopsError, type ErrorCode, type KopsErrorOptions } from './errors.ts';

/** What a wait that ran out of time is reported as. */
export interface DeadlineOptions extends KopsErrorOptions {
  readonly ms: number;
  readonly code: ErrorCode;
  /** What was waited for: completes "no … within N ms". */
  readonly what: string;
}

/**
 * Waits for a promise, at most `ms` milliseconds.
 * The work itself is not cancelled: hand it a signal for that.
 * @throws KopsError of the given code when time runs out.
 */
export async function withDeadline<T>(work: Promise<T>, options: DeadlineOptions): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new KopsError(options.code, `no ${options.what} within ${String(options.ms)} ms`, options),
      );
    }, options.ms);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws the signal's reason as a KopsError (KOPS_INTERRUPTED unless the reason is one itself). */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  if (KopsError.is(signal.reason)) throw signal.reason;
  throw new KopsError('KOPS_INTERRUPTED', 'interrupted', { cause: signal.reason });
}
