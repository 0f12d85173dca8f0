import type { Clock } from '@kops/core';
import type { Throttled } from '@kops/transport';

/** A quota that stays in force is reported again after this time, in ms. */
const repeatAfterMs = 60_000;

/** Reports that a broker's quota slows a backup down: at once, then once a minute. */
export class ThrottleWatch {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #onNotice: (text: string) => void;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonic'>, onNotice: (text: string) => void) {
    this.#clock = clock;
    this.#onNotice = onNotice;
  }

  add({ broker, throttleMs }: Throttled): void {
    const now = this.#clock.monotonic();
    if (now - this.#reportedAt < repeatAfterMs) return;
    this.#reportedAt = now;
    this.#onNotice(
      `a quota of the cluster slows the backup: broker ${broker} delays reads by ${(throttleMs / 1000).toFixed(1)} s; raise consumer_byte_rate for this client to go faster`,
    );
  }
}
