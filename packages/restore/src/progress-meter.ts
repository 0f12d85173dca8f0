import type { Clock, TopicPartition } from '@kops/core';
import type { RestoreProgress } from './execute-options.ts';

const intervalMs = 200;

/** What is to be done in all. */
export interface ProgressTotals {
  readonly partitions: number;
  readonly bytes: number;
}

/** Sums up what fillers report and tells it a few times a second. */
export class ProgressMeter {
  readonly #listener: ((progress: RestoreProgress) => void) | undefined;
  readonly #totals: ProgressTotals;
  readonly #clock: Clock;
  #phase: RestoreProgress['phase'] = 'prepare';
  #records = 0;
  #bytes = 0;
  #partitionsDone = 0;
  #toldAt = -Infinity;

  constructor(
    listener: ((progress: RestoreProgress) => void) | undefined,
    totals: ProgressTotals,
    clock: Clock,
  ) {
    this.#listener = listener;
    this.#totals = totals;
    this.#clock = clock;
  }

  enter(phase: RestoreProgress['phase']): void {
    this.#phase = phase;
    this.#tell(null);
  }

  add(at: TopicPartition, records: number, bytes: number): void {
    this.#records += records;
    this.#bytes += bytes;
    if (this.#clock.monotonic() - this.#toldAt >= intervalMs) this.#tell(at);
  }

  /** With what an earlier run wrote to it, if it was that which filled it. */
  partitionDone(
    at: TopicPartition,
    before?: { readonly records: number; readonly bytes: number },
  ): void {
    this.#partitionsDone += 1;
    this.#records += before?.records ?? 0;
    this.#bytes += before?.bytes ?? 0;
    this.#tell(at);
  }

  #tell(at: TopicPartition | null): void {
    this.#toldAt = this.#clock.monotonic();
    this.#listener?.({
      phase: this.#phase,
      at,
      partitionsDone: this.#partitionsDone,
      partitions: this.#totals.partitions,
      records: this.#records,
      bytes: this.#bytes,
      totalBytes: this.#totals.bytes,
    });
  }
}
