import { KopsError, toKopsError } from '@kops/core';

/**
 * Holds a writer to its contract: calls do not overlap (but for a sync, which the end waits for), nothing follows the end,
 * and after the first failure only the ways to end it are left. (A disk that failed an fsync may claim success on the
 * next one although the bytes are lost, so a failed writer must not be tried again.)
 */
export class WriterGate {
  readonly #key: string;
  #busy = false;
  #ended = false;
  #failure: KopsError | undefined;
  #syncing: Promise<void> | undefined;

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

  /** Runs a sync, beside an append if there is one. One that is under way already must end first: it may not cover the newest bytes. */
  async sync(work: () => Promise<void>): Promise<void> {
    await this.#idle();
    if (this.#ended) throw this.#misuse('was used after its end');
    if (this.#failure !== undefined) throw this.#failure;
    this.#syncing = work();
    try {
      await this.#syncing;
    } catch (error) {
      this.#failure = toKopsError(error);
      throw error;
    } finally {
      this.#syncing = undefined;
    }
  }

  /** Runs the publication, after a sync that is under way. */
  async publish<T>(work: () => Promise<T>): Promise<T> {
    return this.run(async () => {
      await this.#idle();
      if (this.#failure !== undefined) throw this.#failure;
      return work();
    });
  }

  async #idle(): Promise<void> {
    while (this.#syncing !== undefined) {
      // Its own caller gets its failure; here it shows in the gate.
      await this.#syncing.catch(() => undefined);
    }
  }

  /** Runs the last call of the writer; also after a failure. Ending twice does nothing. */
  async end(work: () => Promise<void>): Promise<void> {
    if (this.#ended) return;
    this.#enter();
    this.#ended = true;
    try {
      await this.#idle();
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
        ? 'was called during another call'
        : undefined;
    if (wrong !== undefined) throw this.#misuse(wrong);
    this.#busy = true;
  }

  #misuse(how: string): KopsError {
    return new KopsError('KOPS_UNEXPECTED', `the writer of ${this.#key} ${how}`, {
      at: { object: this.#key },
      hint: 'Report this defect of kops.',
    });
  }
}
