import { systemClock, type Clock } from './clock.ts';
import { throwIfAborted } from './deadline.ts';
import { toKopsError, type KopsError } from './errors.ts';

/** How often and how long to try again. */
export interface RetryPolicy {
  /** First pause in ms; doubles up to `maxDelayMs`, with full jitter. */
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  /** No attempt starts after this many ms since the first. */
  readonly deadlineMs: number;
}

/** What {@link retry} needs besides the policy. */
export interface RetryContext {
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Called before each pause, with the error that caused it. */
  readonly onRetry?: (error: KopsError, attempt: number) => void;
}

/**
 * Runs `work` until it succeeds, fails with an error that is not retryable, or the deadline passes.
 * @throws the last error; KOPS_INTERRUPTED when the signal is aborted.
 */
export async function retry<T>(
  policy: RetryPolicy,
  work: (attempt: number) => Promise<T>,
  context: RetryContext = {},
): Promise<T> {
  const clock = context.clock ?? systemClock;
  const random = context.random ?? Math.random;
  const started = clock.monotonic();
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(context.signal);
    try {
      return await work(attempt);
    } catch (thrown) {
      const error = toKopsError(thrown);
      const ceiling = Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** (attempt - 1));
      const pause = ceiling / 2 + (random() * ceiling) / 2;
      const spent = clock.monotonic() - started;
      if (!error.retryable || spent + pause > policy.deadlineMs) throw error;
      context.onRetry?.(error, attempt);
      await clock.sleep(pause, context.signal);
    }
  }
}
