import { isUtf8 } from 'node:buffer';
import type { Coordinates } from '@kops/core';
import { corruptBatch } from './batch-errors.ts';

/** Bounds-checked reader of Kafka's variable-length encoding; every overrun is KOPS_BATCH_CORRUPT, never a RangeError. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  /** The same memory, for its fast text decoding. */
  readonly #text: Buffer;
  readonly #at: Coordinates;
  #position = 0;
  #limit: number;

  constructor(bytes: Uint8Array, at: Coordinates) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
    this.#limit = bytes.byteLength;
  }

  get remaining(): number {
    return this.#limit - this.#position;
  }

  /** Narrows the reader to the next `length` bytes until {@link leave}. */
  enter(length: number): void {
    if (length < 0 || length > this.remaining) throw this.corrupt(`record of ${length} bytes`);
    this.#limit = this.#position + length;
  }

  /** Ends what {@link enter} began; everything must have been read. */
  leave(): void {
    if (this.remaining !== 0) throw this.corrupt('record is longer than its fields');
    this.#limit = this.#bytes.byteLength;
  }

  readByte(): number {
    const byte = this.#position < this.#limit ? this.#bytes[this.#position] : undefined;
    if (byte === undefined) throw this.corrupt('field is cut off');
    this.#position++;
    return byte;
  }

  /** Zigzag int32. */
  readVarint(): number {
    let raw = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.readByte();
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1);
    }
    throw this.corrupt('varint is longer than 5 bytes');
  }

  /** Zigzag int64. */
  readVarlong(): bigint {
    // Timestamp deltas nearly always fit four bytes; bigint arithmetic for each of their bytes would cost more than all else.
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.readByte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt((low >>> 1) ^ -(low & 1));
    }
    return this.#readLongTail(BigInt(low));
  }

  #readLongTail(low: bigint): bigint {
    let raw = low;
    for (let shift = 28n; shift <= 63n; shift += 7n) {
      const byte = this.readByte();
      raw |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        raw = BigInt.asUintN(64, raw);
        return BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n));
      }
    }
    throw this.corrupt('varlong is longer than 10 bytes');
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Length and bytes; any negative length is null, as in Java. */
  takeNullable(): Uint8Array | null {
    const length = this.readVarint();
    return length < 0 ? null : this.take(length);
  }

  /** Text of the next bytes, and the bytes themselves if they are not UTF-8. */
  takeText(length: number): { readonly text: string; readonly malformed?: Uint8Array } {
    const start = this.#advance(length);
    const text = this.#text.toString('utf8', start, start + length);
    if (!text.includes('\uFFFD')) return { text };
    const bytes = this.#bytes.subarray(start, start + length);
    return isUtf8(bytes) ? { text } : { text, malformed: bytes };
  }

  corrupt(message: string): Error {
    return corruptBatch(
      `${message}, at byte ${this.#position} of the decompressed records`,
      this.#at,
    );
  }

  #advance(length: number): number {
    if (length < 0 || length > this.remaining)
      throw this.corrupt(`field of ${length} bytes, ${this.remaining} are left`);
    const start = this.#position;
    this.#position += length;
    return start;
  }
}
