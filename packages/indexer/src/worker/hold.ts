import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@kops/core';
import { BackupFirst } from '../backup-first.ts';

/** How often what backups take in is looked at, and how often a thread that waits looks whether it may go on, in ms. */
const pollMs = 250;

/** Bytes that backups beside an indexer have taken in so far; may fall when one of them ends. */
export type BackupBytes = () => number | Promise<number>;

/** Whether threads wait: a flag that they all see. */
export class Hold {
  /** What a thread is given. */
  readonly shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #flag = new Int32Array(this.shared);
  readonly #bytes: BackupBytes;
  readonly #clock: Clock;

  constructor(bytes: BackupBytes, clock: Clock) {
    this.#bytes = bytes;
    this.#clock = clock;
  }

  /** Holds threads while backups are at work, until it is disposed of. Failures to ask go to `onFailure`; nobody waits then. */
  watch(onFailure: (error: unknown) => void): Disposable {
    const first = new BackupFirst();
    const ended = new AbortController();
    const watching = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        const mustWait = first.mustWait(this.#clock.monotonic(), await this.#bytes());
        Atomics.store(this.#flag, 0, mustWait ? 1 : 0);
        await this.#clock.sleep(pollMs, ended.signal);
      }
    };
    watching().catch((error: unknown) => {
      Atomics.store(this.#flag, 0, 0);
      if (!ended.signal.aborted) onFailure(error);
    });
    return {
      [Symbol.dispose]: () => {
        ended.abort();
        Atomics.store(this.#flag, 0, 0);
      },
    };
  }
}

/** In a thread: resolves when it may go on; undefined when it may at once. */
export function released(shared: SharedArrayBuffer | undefined): Promise<void> | undefined {
  return shared === undefined || !isHeld(shared) ? undefined : waitFor(shared);
}

const isHeld = (shared: SharedArrayBuffer): boolean =>
  Atomics.load(new Int32Array(shared), 0) === 1;

/** The holder ends what it began: by its deadline, or with itself, which ends all its threads. */
async function waitFor(shared: SharedArrayBuffer): Promise<void> {
  while (isHeld(shared)) await sleep(pollMs / 5);
}
