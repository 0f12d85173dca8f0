import { isUtf8 } from 'node:buffer';
import type { Effort } from './effort.ts';
import { malformed } from './undecodable.ts';

/** A whole number of up to 64 bits; a bigint where a double would lose digits. */
export type Whole = number | bigint;

/** Reads bytes from front to back; whatever would reach behind the end is malformed. */
export class ByteCursor {
  readonly effort: Effort;
  readonly bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer, effort: Effort) {
    this.bytes = bytes;
    this.effort = effort;
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  byte(): number {
    return this.bytes[this.position++] ?? malformed('ends too early');
  }

  /** The next bytes, not copied. */
  take(length: number): Buffer {
    if (length > this.remaining) malformed('ends too early');
    const start = this.position;
    this.position += length;
    return this.bytes.subarray(start, this.position);
  }

  /** All bytes up to the end, not copied. */
  rest(): Buffer {
    return this.take(this.remaining);
  }

  float(): number {
    return this.take(4).readFloatLE();
  }

  double(): number {
    return this.take(8).readDoubleLE();
  }

  /** An unsigned number of 7 bits per byte, the lowest first: `varint` of Protobuf, and below the zigzag of Avro. */
  varint(): Whole {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low;
    }
    // Up to 49 bits, doubles are exact, and several times as fast as bigints.
    let value = low;
    for (let factor = 2 ** 28; factor < 2 ** 49; factor *= 2 ** 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return this.#longVarint(BigInt(value));
  }

  #longVarint(low: bigint): bigint {
    let value = low;
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value < 2n ** 64n ? value : malformed('a number above 64 bits');
    }
    return malformed('a number above 64 bits');
  }

  /** A signed number: the lowest bit is the sign. Source: Avro's `long`, Protobuf's `sint64`. */
  zigzag(): Whole {
    return unzigzag(this.varint());
  }
}

/** The signed number of an unsigned one whose lowest bit is the sign. */
export function unzigzag(value: Whole): Whole {
  if (typeof value === 'bigint') return (value >> 1n) ^ -(value & 1n);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Text of UTF-8. Bytes that are none make a record malformed: half of its characters would be made up. */
export function utf8(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : malformed('a text that is not UTF-8');
}
