import type { Clock } from '@kops/core';

/** How often an owner gives a sign of life, in ms. */
export const beatEveryMs = 5_000;
/** An owner of which no sign was seen for so long, on the observer's own clock, counts as dead. In ms. */
export const silentAfterMs = 20_000;

/**
 * Tells from signs of life whether owners live that are out of sight: a sign is any text that changes. Nobody's time is compared with that of another
 * host: only how long the observer itself has seen no change counts.
 */
export class SignsOfLife {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #seen = new Map<string, { readonly sign: string; readonly since: number }>();
  readonly #alive = new Set<string>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** What the signs of an owner tell so far; `unknown` until one has changed or the time is over. */
  observe(owner: string, sign: string): 'alive' | 'dead' | 'unknown' {
    const before = this.#seen.get(owner);
    if (before?.sign !== sign) {
      this.#seen.set(owner, { sign, since: this.#clock.monotonic() });
      if (before !== undefined) this.#alive.add(owner);
    } else if (this.#clock.monotonic() - before.since >= silentAfterMs) {
      this.#alive.delete(owner);
      return 'dead';
    }
    return this.#alive.has(owner) ? 'alive' : 'unknown';
  }
}
