import { KopsError, toKopsError } from '@kops/core';

/**
 * Holds a writer to its contract: calls do not overlap, nothing follows the end,
 * and after the first failure only the ways to end it are left. (A disk that failed an fsync may claim success on the
 * next one although the bytes are lost, so a failed writer must not be tried again.)
 */
export class WriterGate {
  readonly #key: string;
  #busy = false;
  #ended = false;
  #failure: KopsError | undefined;

  constructor(key: string) {
    this.#key = key;
  }

  /** Runs one call of the writer. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#enter();
    if (this.#failure !== undefined) {
      this.#busy = false;
      throw this.#failure;
    }
    try {
      return await work();
    } catch (error) {
      this.#failure = toKopsError(error);
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  /** Runs the last call of the writer; also after a failure. Ending twice does nothing. */
  async end(work: () => Promise<void>): Promise<void> {
    if (this.#ended) return;
    this.#enter();
    this.#ended = true;
    try {
      await work();
    } finally {
      this.#busy = false;
    }
  }

  /** Nothing may follow. */
  markEnded(): void {
    this.#ended = true;
  }

  #enter(): void {
    const wrong = this.#ended
      ? 'was used after its end'
      : this.#busy
        ? 'was called while a call was under way'
        : undefined;
    if (wrong !== undefined) {
      throw new KopsError('KOPS_UNEXPECTED', `the writer of ${this.#key} ${wrong}`, {
        at: { object: this.#key },
        hint: 'This is a mistake in kops: report it.',
      });
    }
    this.#busy = true;
  }
}
