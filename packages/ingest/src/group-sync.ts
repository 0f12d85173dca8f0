import { mapLimit, toKopsError, type KopsError } from '@kops/core';
import type { PartitionSink } from './partition-sink.ts';

/** How long appended bytes may wait for their sync, in ms (CAPTURE.md: at most every 50 ms). */
const intervalMs = 50;
const parallelSyncs = 4;

/** Syncs the sinks that were appended to, together and not one by one. */
export class GroupSync {
  readonly #dirty = new Set<PartitionSink>();
  readonly #onFailure: (error: KopsError) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  /** @param onFailure called with the first failure; the sinks' parts stay for a successor */
  constructor(onFailure: (error: KopsError) => void) {
    this.#onFailure = onFailure;
  }

  /** Has the sink synced within the interval. */
  mark(sink: PartitionSink): void {
    if (this.#closed) return;
    this.#dirty.add(sink);
    this.#schedule();
  }

  /** Resolves when no sync runs; none starts any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#syncAll();
    }, intervalMs);
  }

  async #syncAll(): Promise<void> {
    const sinks = [...this.#dirty];
    this.#dirty.clear();
    try {
      await mapLimit(sinks, parallelSyncs, (sink) => sink.sync());
    } catch (error) {
      this.#closed = true;
      this.#onFailure(toKopsError(error));
    }
    this.#running = undefined;
    if (this.#dirty.size > 0 && !this.#closed) this.#schedule();
  }
}
