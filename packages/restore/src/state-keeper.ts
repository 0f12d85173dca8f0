import type { Clock } from '@kops/core';
import { saveState, type Checkpoint, type RestoreState, type TopicState } from './restore-state.ts';

/** Owns the state of a run and writes it: never twice at a time, not more often than asked. */
export class StateKeeper {
  readonly path: string;
  readonly state: RestoreState;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #savedAt: number;
  #last: Promise<void> = Promise.resolve();

  constructor(
    path: string,
    state: RestoreState,
    timing: { readonly clock: Clock; readonly intervalMs: number },
  ) {
    this.path = path;
    this.state = state;
    this.#clock = timing.clock;
    this.#intervalMs = timing.intervalMs;
    this.#savedAt = timing.clock.monotonic();
  }

  setTopic(name: string, topic: TopicState): void {
    this.state.topics.set(name, topic);
  }

  /** Remembers a checkpoint whose mapping is durable already. */
  setPartition(key: string, checkpoint: Checkpoint): void {
    this.state.partitions.set(key, checkpoint);
  }

  /** Writes the state. Durable when it resolves. */
  async save(): Promise<void> {
    const write = this.#last.then(async () => {
      this.#savedAt = this.#clock.monotonic();
      await saveState(this.path, this.state);
    });
    this.#last = write.catch(() => undefined);
    await write;
  }

  /** Writes the state unless that was done lately. */
  async saveIfDue(): Promise<void> {
    if (this.#clock.monotonic() - this.#savedAt >= this.#intervalMs) await this.save();
  }
}
