const initialBytes = 256;

/**
 * Writes values of the Kafka protocol's primitive types (https://kafka.apache.org/protocol#protocol_types).
 * Large byte strings are kept by reference: {@link chunks} is for a vectored write.
 */
export class Writer {
  #buffer = Buffer.allocUnsafe(initialBytes);
  #end = 0;
  #done: Uint8Array[] = [];
  #doneBytes = 0;

  #room(bytes: number): number {
    if (this.#end + bytes > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#end + bytes));
      this.#buffer.copy(larger, 0, 0, this.#end);
      this.#buffer = larger;
    }
    const at = this.#end;
    this.#end += bytes;
    return at;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#doneBytes + this.#end;
  }

  /** All that was written, in order. */
  chunks(): Uint8Array[] {
    return [...this.#done, this.#buffer.subarray(0, this.#end)];
  }

  int8(value: number): this {
    const at = this.#room(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int16(value: number): this {
    const at = this.#room(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#room(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  int64(value: bigint): this {
    const at = this.#room(8);
    this.#buffer.writeBigInt64BE(value, at);
    return this;
  }

  unsignedVarint(value: number): this {
    let rest = value;
    while (rest > 0x7f) {
      const at = this.#room(1);
      this.#buffer[at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    const at = this.#room(1);
    this.#buffer[at] = rest;
    return this;
  }

  /** A topic id: 32 hex digits as 16 bytes. */
  uuid(hex: string): this {
    const at = this.#room(16);
    this.#buffer.write(hex, at, 16, 'hex');
    return this;
  }

  #text(value: string, bytes: number): this {
    const at = this.#room(bytes);
    this.#buffer.write(value, at, bytes, 'utf8');
    return this;
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const bytes = Buffer.byteLength(value, 'utf8');
    return this.int16(bytes).#text(value, bytes);
  }

  compactString(value: string | null): this {
    if (value === null) return this.unsignedVarint(0);
    const bytes = Buffer.byteLength(value, 'utf8');
    return this.unsignedVarint(bytes + 1).#text(value, bytes);
  }

  /** BYTES whose content is not copied: it must not change until the request was written. */
  bytesByReference(value: Uint8Array): this {
    this.int32(value.length);
    this.#done.push(this.#buffer.subarray(0, this.#end), value);
    this.#doneBytes += this.#end + value.length;
    this.#buffer = Buffer.allocUnsafe(initialBytes);
    this.#end = 0;
    return this;
  }

  /** ARRAY; null is Kafka's way to say "all" in some requests. */
  array<T>(items: readonly T[] | null, encode: (item: T, writer: this) => unknown): this {
    if (items === null) return this.int32(-1);
    this.int32(items.length);
    for (const item of items) encode(item, this);
    return this;
  }

  compactArray<T>(items: readonly T[] | null, encode: (item: T, writer: this) => unknown): this {
    if (items === null) return this.unsignedVarint(0);
    this.unsignedVarint(items.length + 1);
    for (const item of items) encode(item, this);
    return this;
  }

  /** TAG_BUFFER without fields: the end of each structure of a flexible version (KIP-482). */
  noTags(): this {
    return this.unsignedVarint(0);
  }
}
