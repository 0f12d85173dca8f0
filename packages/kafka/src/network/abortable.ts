import { throwIfAborted } from '@kops/core';

/**
 * Waits for `work`, or for the signal. The work goes on after an abort, its outcome then belongs to nobody.
 * @throws KOPS_INTERRUPTED (or the signal's own KopsError) at once on abort.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  throwIfAborted(signal);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    try {
      throwIfAborted(signal);
    } catch (error) {
      aborted.reject(error);
    }
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
