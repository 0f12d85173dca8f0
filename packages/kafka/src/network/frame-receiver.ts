import { KopsError } from '@kops/core';
import type { BufferPool } from './buffer-pool.ts';

/** No honest answer is larger; the first bytes of TLS or HTTP read as a length are. */
export const maxResponseBytes = 256 * 1024 * 1024;

const lengthBytes = 4;
const scratchBytes = 16 * 1024;

/** One response, from its correlation id on. */
export interface Frame {
  readonly bytes: Buffer;
  /** What `bytes` is a view of; goes back to the pool when nobody looks at it any more. */
  readonly storage: Buffer;
}

/**
 * Cuts the byte stream of a connection into responses without joining pieces: once a response's length is known, the socket reads
 * straight into the buffer that the response will be (the `onread` option of node:net).
 */
export class FrameReceiver {
  readonly #pool: BufferPool;
  readonly #onFrame: (frame: Frame) => void;
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes);
  readonly #length = Buffer.alloc(lengthBytes);
  #lengthFilled = 0;
  #target: Frame | undefined;
  #filled = 0;

  constructor(pool: BufferPool, onFrame: (frame: Frame) => void) {
    this.#pool = pool;
    this.#onFrame = onFrame;
  }

  /** Where the next bytes of the stream should be read to. */
  nextBuffer(): Buffer {
    return this.#target === undefined ? this.#scratch : this.#target.bytes.subarray(this.#filled);
  }

  /**
   * Takes note of `count` bytes that were read into the buffer that {@link nextBuffer} gave.
   * @throws KOPS_KAFKA_PROTOCOL when they cannot be of a Kafka broker.
   */
  received(count: number): void {
    if (this.#target === undefined) this.#parse(this.#scratch.subarray(0, count));
    else this.#advance(count);
  }

  #advance(count: number): void {
    const target = this.#target;
    if (target === undefined) return;
    this.#filled += count;
    if (this.#filled < target.bytes.length) return;
    this.#target = undefined;
    this.#onFrame(target);
  }

  #parse(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#target === undefined) {
        const part = bytes.copy(this.#length, this.#lengthFilled, at);
        this.#lengthFilled += part;
        at += part;
        if (this.#lengthFilled === lengthBytes) this.#begin(this.#length.readInt32BE(0));
      } else {
        // The start of a response shares the scratch buffer with its length; the rest of it does not come this way.
        const part = bytes.copy(this.#target.bytes, this.#filled, at);
        at += part;
        this.#advance(part);
      }
    }
  }

  #begin(size: number): void {
    if (size < lengthBytes || size > maxResponseBytes) {
      throw new KopsError(
        'KOPS_KAFKA_PROTOCOL',
        `the response is not from Kafka: its length field is ${String(size)} bytes`,
        {
          hint: 'Check that this port belongs to a Kafka listener, and whether the listener requires TLS.',
        },
      );
    }
    const storage = this.#pool.take(size);
    this.#lengthFilled = 0;
    this.#filled = 0;
    this.#target = { storage, bytes: storage.subarray(0, size) };
  }
}
