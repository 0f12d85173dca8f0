/** Responses below this size are not worth keeping. */
const minPooledBytes = 64 * 1024;

/**
 * Buffers of large responses for another time. Fresh memory costs more than reading into it: the kernel clears each page, and the
 * garbage collector counts it. Bounded by bytes; what does not fit is left to the collector.
 */
export class BufferPool {
  readonly #maxBytes: number;
  #bytes = 0;
  readonly #free: Buffer[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that lie ready. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A buffer of at least `size` bytes, its content undefined. */
  take(size: number): Buffer {
    if (size < minPooledBytes) return Buffer.allocUnsafe(size);
    // Newest first: it is the likeliest to be in the processor's cache. Not for a response of less than half its size.
    for (let at = this.#free.length - 1; at >= 0; at--) {
      const buffer = this.#free[at];
      if (buffer !== undefined && buffer.length >= size && buffer.length <= size * 2) {
        this.#free.splice(at, 1);
        this.#bytes -= buffer.length;
        return buffer;
      }
    }
    // Rounded up, so that answers of nearly the same size share buffers.
    return Buffer.allocUnsafeSlow(Math.ceil(size / minPooledBytes) * minPooledBytes);
  }

  /** Gives a buffer of {@link take} back. Nobody may look at it any more. */
  give(buffer: Buffer): void {
    if (buffer.length < minPooledBytes || buffer.length > this.#maxBytes) return;
    this.#free.push(buffer);
    this.#bytes += buffer.length;
    while (this.#bytes > this.#maxBytes) this.#bytes -= this.#free.shift()?.length ?? this.#bytes;
  }
}
