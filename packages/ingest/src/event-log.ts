import type { BackupEvent, BackupProgress } from '@kops/transport';

const maxEvents = 10_000;

/** What happened in a backup, for any number of watchers at their own speed. Progress is not kept: a watcher gets the latest. */
export class EventLog {
  readonly #events: BackupEvent[] = [];
  readonly #progress: () => BackupProgress;
  #dropped = 0;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  readonly #onEvent: (event: BackupEvent) => void;

  /** @param onEvent called with each event as it happens */
  constructor(
    progress: () => BackupProgress,
    onEvent: (event: BackupEvent) => void = () => undefined,
  ) {
    this.#progress = progress;
    this.#onEvent = onEvent;
  }

  /** Adds an event; `finished` and `failed` end the log. The oldest notices go when there are too many. */
  add(event: BackupEvent): void {
    this.#onEvent(event);
    this.#events.push(event);
    if (this.#events.length > maxEvents) {
      this.#events.shift();
      this.#dropped++;
    }
    if (event.type === 'finished' || event.type === 'failed') this.#ended = true;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** All events so far and to come, with progress about once a second; ends with the last event. */
  async *watch(signal?: AbortSignal): AsyncGenerator<BackupEvent> {
    let next = this.#dropped;
    while (signal?.aborted !== true) {
      for (let event = this.#at(next); event !== undefined; event = this.#at(next)) {
        next = Math.max(next, this.#dropped) + 1;
        yield event;
      }
      if (this.#ended) return;
      yield { type: 'progress', ...this.#progress() };
      await this.#changeOrSecond(signal);
    }
  }

  /** The event with a number, or the oldest that is left. */
  #at(number: number): BackupEvent | undefined {
    return this.#events[Math.max(0, number - this.#dropped)];
  }

  async #changeOrSecond(signal: AbortSignal | undefined): Promise<void> {
    const timer = Promise.withResolvers<undefined>();
    const handle = setTimeout(timer.resolve, 1000, undefined);
    const onAbort = (): void => timer.resolve(undefined);
    signal?.addEventListener('abort', onAbort, { once: true });
    await Promise.race([this.#changed.promise, timer.promise]);
    clearTimeout(handle);
    signal?.removeEventListener('abort', onAbort);
  }
}
