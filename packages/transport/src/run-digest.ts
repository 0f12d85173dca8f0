import { createHash } from 'node:crypto';

/** Bytes of a record batch before its records (https://kafka.apache.org/documentation/#recordbatch). */
const headerBytes = 61;
/** Where a batch's length lies, and what it does not count: base offset and itself. */
const lengthAt = 8;
const lengthOverhead = 12;
/** Headers are hashed many at a time: a call costs more than the hashing of one. */
const keptHeaders = 64;

/**
 * The hash that a State closes a run of data with: SHA-256 of the headers of all its batches, in order. A header holds the CRC-32C of
 * the rest of its batch, which the archiver checks, so both together cover every byte at the price of hashing a few.
 */
export class RunDigest {
  #hash = createHash('sha256');
  readonly #headers = new Uint8Array(keptHeaders * headerBytes);
  #filled = 0;

  /**
   * Takes the batches that `bytes` begins with: whole ones, of which the last may be cut off behind its header.
   * The continuation of a batch that was cut off is not to be added.
   */
  add(bytes: Uint8Array): void {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at + headerBytes <= bytes.length) {
      if (this.#filled === this.#headers.length) this.#flush();
      this.#headers.set(bytes.subarray(at, at + headerBytes), this.#filled);
      this.#filled += headerBytes;
      at += Math.max(headerBytes, lengthOverhead + data.getInt32(at + lengthAt));
    }
  }

  /** The hash so far; nothing ends with it. */
  digest(): Buffer {
    this.#flush();
    return this.#hash.copy().digest();
  }

  /** Begins a new run. */
  reset(): void {
    this.#hash = createHash('sha256');
    this.#filled = 0;
  }

  #flush(): void {
    this.#hash.update(this.#headers.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
