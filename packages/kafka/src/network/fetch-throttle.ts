import { KopsError, systemClock } from '@kops/core';

/**
 * What a quota leaves of the fetches at one broker. The broker mutes the connection that it has throttled and no other, but counts all of a user
 * and client id together: a fetch over another connection would only be throttled, too.
 */
export class FetchThrottle {
  readonly #broker: string;
  readonly #deadlineMs: number;
  #until = 0;
  #heldSince: number | undefined;

  constructor(broker: string, deadlineMs: number) {
    this.#broker = broker;
    this.#deadlineMs = deadlineMs;
  }

  /** Waits for the end of the throttle time. */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    for (let left = this.#left(); left > 0; left = this.#left())
      await systemClock.sleep(left, signal);
  }

  #left(): number {
    return this.#until - performance.now();
  }

  /** The quota let an answer through. */
  passed(): void {
    this.#heldSince = undefined;
  }

  /** The quota held an answer back. */
  held(throttleMs: number): void {
    const now = performance.now();
    this.#heldSince ??= now;
    this.#until = Math.max(this.#until, now + throttleMs);
  }

  /**
   * To be called outside of retries: the error has used up its own deadline.
   * @throws KOPS_KAFKA_UNREACHABLE when the quota has let nothing through for too long: a batch may be larger than all of its window
   */
  throwIfStarved(): void {
    const heldMs = performance.now() - (this.#heldSince ?? Infinity);
    if (heldMs <= this.#deadlineMs) return;
    this.#heldSince = undefined;
    throw new KopsError(
      'KOPS_KAFKA_UNREACHABLE',
      `the quota of broker ${this.#broker} has blocked all fetches for ${String(Math.round(heldMs / 1000))} s`,
      {
        at: { broker: this.#broker },
        hint: 'Raise consumer_byte_rate (and request_percentage) of this user or client id with kafka-configs. The rate times ten seconds must be at least the size of the largest batch.',
      },
    );
  }
}
