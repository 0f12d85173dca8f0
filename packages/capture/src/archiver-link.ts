import type { Clock, KopsError, Logger } from '@kops/core';

/** Logs once when an agent's archiver is lost, and once when it is back, however often it is tried in between. */
export class ArchiverLink {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #hasJoined = false;
  #lost: { readonly code: string; readonly since: number } | undefined;

  constructor(logger: Logger, clock: Pick<Clock, 'monotonic'>) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** An attempt to join has failed, or the connection ended. Another reason is logged, too. */
  lost({ code, message }: KopsError): void {
    if (this.#lost?.code === code) return;
    const since = this.#lost?.since ?? this.#clock.monotonic();
    this.#lost = { code, since };
    const what = this.#hasJoined
      ? 'the connection to the archiver was lost'
      : 'the archiver cannot be reached';
    this.#logger.warn(`${what}, retrying until it answers`, { code, reason: message });
  }

  joined(): void {
    const lost = this.#lost;
    this.#lost = undefined;
    if (lost === undefined || !this.#hasJoined) this.#logger.info('joined the archiver');
    else {
      const lostMs = Math.round(this.#clock.monotonic() - lost.since);
      this.#logger.info('rejoined the archiver', { lostMs });
    }
    this.#hasJoined = true;
  }
}
