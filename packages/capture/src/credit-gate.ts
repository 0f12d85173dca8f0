import { throwIfAborted } from '@kops/core';

/** Bytes that the archiver allows a stream to send. One taker at a time. */
export class CreditGate {
  readonly #signal: AbortSignal;
  #bytes = 0;
  #wake: (() => void) | undefined;

  /** @param signal rejects a waiting {@link take} with its reason */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  /** Adds credit. */
  grant(bytes: number): void {
    this.#bytes += bytes;
    this.#wake?.();
  }

  /** Resolves once `bytes` of credit are there, and uses them up. */
  async take(bytes: number): Promise<void> {
    while (this.#bytes < bytes) {
      throwIfAborted(this.#signal);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    throwIfAborted(this.#signal);
    this.#bytes -= bytes;
  }
}
