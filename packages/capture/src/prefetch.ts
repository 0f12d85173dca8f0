/** Iterates with one element asked for ahead, so that fetching overlaps with sending. */
export async function* prefetch<T>(source: AsyncIterable<T>): AsyncGenerator<T, void> {
  const iterator = source[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T>> => {
    const next = iterator.next();
    // Not swallowed: it is awaited in the next round; this only keeps it from counting as unhandled until then.
    next.catch(() => undefined);
    return next;
  };
  let pending = ask();
  try {
    for (;;) {
      const result = await pending;
      if (result.done === true) return;
      pending = ask();
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}
