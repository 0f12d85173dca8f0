/** Bounds a resource of `capacity` units. Waiters are served in order, so a large request is never starved. */
export class Semaphore {
  readonly capacity: number;
  #free: number;
  readonly #waiters: { units: number; grant: () => void }[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#free = capacity;
  }

  get free(): number {
    return this.#free;
  }

  /** Takes `units`; a request above the capacity waits for all of it and takes all of it. Returns what was taken. */
  async acquire(units = 1): Promise<number> {
    const take = Math.min(units, this.capacity);
    if (this.#waiters.length === 0 && this.#free >= take) {
      this.#free -= take;
      return take;
    }
    await new Promise<void>((grant) => this.#waiters.push({ units: take, grant }));
    return take;
  }

  /** Gives units back. */
  release(units = 1): void {
    this.#free += units;
    for (
      let next = this.#waiters[0];
      next !== undefined && this.#free >= next.units;
      next = this.#waiters[0]
    ) {
      this.#waiters.shift();
      this.#free -= next.units;
      next.grant();
    }
  }

  /** Runs `work` while holding `units`. */
  async run<T>(work: () => Promise<T>, units = 1): Promise<T> {
    const taken = await this.acquire(units);
    try {
      return await work();
    } finally {
      this.release(taken);
    }
  }
}

/**
 * Runs `work` over all items, at most `limit` at a time; results in the items' order.
 * The first failure stops new work, waits for what is running, then rejects.
 */
export async function mapLimit<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const iterator = items[Symbol.iterator]();
  let index = 0;
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (failures.length === 0) {
      const next = iterator.next();
      if (next.done === true) return;
      const at = index++;
      try {
        results[at] = await work(next.value, at);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
