import type { Clock, KopsError } from '@kops/core';

/** What is told of an outage. */
export interface OutageEvents {
  readonly onLost: (error: KopsError) => void;
  readonly onBack: (lostForMs: number) => void;
}

/** Whether a backup can reach what it needs, told once when it is lost and once when it is back, whoever notices. */
export class Outage {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #events: OutageEvents;
  readonly #failing = new Map<string, KopsError>();
  #since: number | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>, events: OutageEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** The failure that is known last; undefined while all works. */
  get error(): KopsError | undefined {
    return [...this.#failing.values()].at(-1);
  }

  /** How long it has lasted, in ms; 0 while all works. */
  get lostForMs(): number {
    return this.#since === undefined ? 0 : this.#clock.monotonic() - this.#since;
  }

  /** Takes note that one of those that ask has failed. */
  lost(source: string, error: KopsError): void {
    this.#failing.set(source, error);
    if (this.#since !== undefined) return;
    this.#since = this.#clock.monotonic();
    this.#events.onLost(error);
  }

  /** Takes note that one of those that ask was answered; the outage ends when nobody fails any more. */
  back(source: string): void {
    this.#failing.delete(source);
    if (this.#since === undefined || this.#failing.size > 0) return;
    const { lostForMs } = this;
    this.#since = undefined;
    this.#events.onBack(lostForMs);
  }
}
