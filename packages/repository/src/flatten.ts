/**
 * The items of runs, one by one. A hand-written iterator: an async generator would cost several turns of the microtask queue per item,
 * which for small batches and records is more than reading them.
 */
export function flatten<T>(runs: AsyncIterable<Iterable<T>>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new Flattened(runs[Symbol.asyncIterator]()) };
}

class Flattened<T> implements AsyncIterator<T, undefined> {
  readonly #runs: AsyncIterator<Iterable<T>>;
  #run: Iterator<T> | undefined;

  constructor(runs: AsyncIterator<Iterable<T>>) {
    this.#runs = runs;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#run === undefined) return this.#nextRun();
    try {
      const result = this.#run.next();
      if (result.done !== true) return Promise.resolve(result);
    } catch (error) {
      return this.#fail(error);
    }
    return this.#nextRun();
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#run?.return?.();
    this.#run = undefined;
    await this.#runs.return?.();
    return { done: true, value: undefined };
  }

  async #nextRun(): Promise<IteratorResult<T, undefined>> {
    const runs = await this.#runs.next();
    if (runs.done === true) {
      this.#run = undefined;
      return { done: true, value: undefined };
    }
    this.#run = runs.value[Symbol.iterator]();
    return this.next();
  }

  /** A run that failed ends the whole: what is open underneath is closed before the error goes on. */
  async #fail(error: unknown): Promise<never> {
    this.#run = undefined;
    await this.#runs.return?.();
    throw error;
  }
}
