import { KopsError } from '@kops/core';

/** KOPS_REFUSED: the data may be sound, but is larger than the reader agreed to hold in memory. */
export function exceedsLimit(maxBytes: number): KopsError {
  return new KopsError('KOPS_REFUSED', `records decompress to more than ${maxBytes} bytes`, {
    hint: 'The batch is damaged or unusually large. Compare it with the source.',
  });
}

/** Collects decompressed parts and stops before their sum passes the limit. */
export class BoundedOutput {
  readonly #parts: Uint8Array[] = [];
  readonly #maxBytes: number;
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that still fit. */
  get room(): number {
    return this.#maxBytes - this.#size;
  }

  /** @throws KOPS_REFUSED when `bytes` more would not fit; ask before allocating them */
  reserve(bytes: number): void {
    if (bytes > this.room) throw exceedsLimit(this.#maxBytes);
  }

  append(part: Uint8Array): void {
    this.reserve(part.byteLength);
    this.#parts.push(part);
    this.#size += part.byteLength;
  }

  /** All parts in one piece; copies only if there are several. */
  join(): Uint8Array {
    const [first] = this.#parts;
    return this.#parts.length === 1 && first !== undefined
      ? first
      : Buffer.concat(this.#parts, this.#size);
  }
}
