import type { Semaphore } from '@kops/core';
import { abortable } from './abortable.ts';

/** Runs `work` while holding one unit; an abort while waiting for it rejects at once and takes none. */
export async function withSlot<T>(
  slots: Semaphore,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const taken = slots.acquire();
  try {
    await abortable(taken, signal);
  } catch (error) {
    // The place in the queue cannot be given up: hand the unit on when it comes.
    void taken.then(() => {
      slots.release();
    });
    throw error;
  }
  try {
    return await work();
  } finally {
    slots.release();
  }
}
