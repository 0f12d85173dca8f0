import { KopsError } from '@kops/core';

/** Reads values of the Kafka protocol's primitive types. Byte strings are views into the message. */
export class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes < 0 || at + bytes > this.#buffer.length) {
      throw new KopsError(
        'KOPS_KAFKA_PROTOCOL',
        `a response is too short: it has ${String(this.#buffer.length)} bytes, a field at byte ${String(at)} needs ${String(bytes)}`,
        {
          hint: 'Check that this is the address of a Kafka broker of version 2.4 or later, and that no proxy changes its responses.',
        },
      );
    }
    this.#at = at + bytes;
    return at;
  }

  int8(): number {
    return this.#buffer.readInt8(this.#take(1));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8));
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer[this.#take(1)] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new KopsError(
      'KOPS_KAFKA_PROTOCOL',
      'a response contains a variable-length number of more than 5 bytes',
    );
  }

  uuid(): string {
    const at = this.#take(16);
    return this.#buffer.toString('hex', at, at + 16);
  }

  #text(bytes: number): string {
    const at = this.#take(bytes);
    return this.#buffer.toString('utf8', at, at + bytes);
  }

  nullableString(): string | null {
    const bytes = this.int16();
    return bytes < 0 ? null : this.#text(bytes);
  }

  string(): string {
    return this.nullableString() ?? '';
  }

  compactNullableString(): string | null {
    const bytes = this.unsignedVarint() - 1;
    return bytes < 0 ? null : this.#text(bytes);
  }

  compactString(): string {
    return this.compactNullableString() ?? '';
  }

  #view(bytes: number): Uint8Array {
    const at = this.#take(Math.max(0, bytes));
    return this.#buffer.subarray(at, this.#at);
  }

  /** BYTES as a view, empty for null. */
  bytes(): Uint8Array {
    return this.#view(this.int32());
  }

  /** COMPACT_BYTES as a view, empty for null. */
  compactBytes(): Uint8Array {
    return this.#view(this.unsignedVarint() - 1);
  }

  #items<T>(count: number, decode: (reader: this) => T): T[] {
    // Each item takes at least a byte: a false count must not become a false allocation.
    if (count > this.remaining) this.#take(count);
    const items: T[] = [];
    for (let index = 0; index < count; index++) items.push(decode(this));
    return items;
  }

  /** ARRAY, empty for null. */
  array<T>(decode: (reader: this) => T): T[] {
    return this.#items(this.int32(), decode);
  }

  /** COMPACT_ARRAY, empty for null. */
  compactArray<T>(decode: (reader: this) => T): T[] {
    return this.#items(this.unsignedVarint() - 1, decode);
  }

  /** TAG_BUFFER (KIP-482): hands each field to `decode`, skips those it leaves unread. */
  tags(decode?: (tag: number, field: Reader) => void): void {
    const count = this.unsignedVarint();
    for (let index = 0; index < count; index++) {
      const tag = this.unsignedVarint();
      const field = this.#view(this.unsignedVarint());
      decode?.(tag, new Reader(field));
    }
  }
}
