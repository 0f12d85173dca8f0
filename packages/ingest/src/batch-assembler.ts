import { KopsError } from '@kops/core';

/** A batch's length field ends here: base offset (8), batch length (4). */
const lengthEnd = 12;
/** No broker takes a batch above this (message.max.bytes is an int32, and segments end at 2^31-1); a larger length is damage. */
const maxBatchBytes = 512 * 1024 * 1024;

/**
 * Puts whole batches together from frames that may cut them anywhere.
 * What lies whole in a frame is handed on as a view; only a batch that spans frames is copied, into memory of its own size.
 */
export class BatchAssembler {
  #partial: Uint8Array | undefined;
  #filled = 0;
  #head = new Uint8Array(0);

  /** Whether the last frame ended on a batch boundary. */
  get atBoundary(): boolean {
    return this.#partial === undefined && this.#head.length === 0;
  }

  /** Size of the batch that the last frame has left unfinished; 0 at a boundary. */
  get pendingBytes(): number {
    return this.#partial?.length ?? this.#head.length;
  }

  /**
   * Takes the next frame and returns the runs of whole batches it completes, in order.
   * @throws KOPS_BATCH_CORRUPT for an impossible batch length
   */
  push(frame: Uint8Array): Uint8Array[] {
    const runs: Uint8Array[] = [];
    let rest = frame;
    if (this.#head.length > 0) {
      // A header that was cut off: rare, so a copy of the frame is cheap.
      rest = concat(this.#head, frame);
      this.#head = new Uint8Array(0);
    }
    if (this.#partial !== undefined) rest = this.#fill(this.#partial, rest, runs);
    const whole = wholeBatches(rest);
    if (whole > 0) runs.push(rest.subarray(0, whole));
    if (whole < rest.length) this.#keep(rest.subarray(whole));
    return runs;
  }

  #fill(partial: Uint8Array, bytes: Uint8Array, runs: Uint8Array[]): Uint8Array {
    const take = Math.min(partial.length - this.#filled, bytes.length);
    partial.set(bytes.subarray(0, take), this.#filled);
    this.#filled += take;
    if (this.#filled === partial.length) {
      runs.push(partial);
      this.#partial = undefined;
    }
    return bytes.subarray(take);
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length < lengthEnd) {
      // A copy: slice() of a Buffer would be a view of the frame.
      this.#head = new Uint8Array(bytes);
      return;
    }
    this.#partial = new Uint8Array(batchSize(bytes, 0));
    this.#partial.set(bytes);
    this.#filled = bytes.length;
  }
}

function wholeBatches(bytes: Uint8Array): number {
  let at = 0;
  while (bytes.length - at >= lengthEnd) {
    const size = batchSize(bytes, at);
    if (at + size > bytes.length) break;
    at += size;
  }
  return at;
}

function batchSize(bytes: Uint8Array, at: number): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset + at, lengthEnd).getInt32(8);
  const size = length + lengthEnd;
  if (length < 49 || size > maxBatchBytes) {
    throw new KopsError(
      'KOPS_BATCH_CORRUPT',
      `the header of a batch gives an invalid length: ${String(length)} bytes`,
      {
        hint: 'Check the disk of the broker that sent it. Data archived before is not affected.',
      },
    );
  }
  return size;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
