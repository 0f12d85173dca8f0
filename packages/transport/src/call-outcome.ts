import type { KopsError } from '@kops/core';

/** How a call stands: running, finished, or failed with an error. It leaves `running` once. */
export class CallOutcome {
  readonly #controller = new AbortController();
  readonly #listeners = new Set<() => void>();
  #failure: KopsError | undefined;
  #isFinished = false;

  /** Aborted with the error when the call fails. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get failure(): KopsError | undefined {
    return this.#failure;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Whether this was what ended the call. */
  fail(error: KopsError): boolean {
    if (this.#failure !== undefined || this.#isFinished) return false;
    this.#failure = error;
    this.#settle();
    this.#controller.abort(error);
    return true;
  }

  /** Whether this was what ended the call. */
  finish(): boolean {
    if (this.#failure !== undefined || this.#isFinished) return false;
    this.#isFinished = true;
    this.#settle();
    return true;
  }

  /** Calls back once, when the call has finished or failed. */
  onSettled(listener: () => void): void {
    if (this.#failure !== undefined || this.#isFinished) listener();
    else this.#listeners.add(listener);
  }

  #settle(): void {
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}
