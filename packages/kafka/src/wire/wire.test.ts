import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

const bytesOf = (write: (writer: Writer) => unknown): Buffer => {
  const writer = new Writer();
  write(writer);
  return Buffer.concat(writer.chunks());
};

describe('primitive types of the protocol', () => {
  it('come back as they were written, in any mixture and size', () => {
    const text = fc.option(
      fc.string({ unit: 'binary', maxLength: 400 }).filter((t) => t.isWellFormed()),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.array(text, { maxLength: 200 }),
        fc.uint8Array({ maxLength: 2_000 }),
        (count, wide, texts, bytes) => {
          const written = bytesOf((w) =>
            w
              .unsignedVarint(count)
              .array(texts, (t) => w.string(t))
              .int64(wide)
              .bytesByReference(bytes)
              .compactArray(texts, (t) => w.compactString(t))
              .noTags(),
          );
          const r = new Reader(written);
          expect(r.unsignedVarint()).toBe(count);
          expect(r.array(() => r.nullableString())).toEqual(texts);
          expect(r.int64()).toBe(wide);
          expect(Buffer.from(r.bytes()).equals(bytes)).toBe(true);
          expect(r.compactArray(() => r.compactNullableString())).toEqual(texts);
          r.tags();
          expect(r.remaining).toBe(0);
        },
      ),
    );
  });

  it('keep large bytes by reference', () => {
    const batch = new Uint8Array(1_000);
    const writer = new Writer().int8(1).bytesByReference(batch).int8(2);
    expect(writer.chunks()).toContain(batch);
    expect(writer.length).toBe(1 + 4 + 1_000 + 1);
  });

  it('never become an allocation for a false count', () => {
    const count = bytesOf((w) => w.int32(0x7fff_ffff));
    const code = { code: 'KOPS_KAFKA_PROTOCOL' };
    const read = (act: (r: Reader) => unknown, bytes: Uint8Array) => () => act(new Reader(bytes));
    expect(read((r) => r.array(() => r.int8()), count)).toThrow(
      expect.objectContaining(code) as Error,
    );
    expect(read((r) => r.bytes(), count)).toThrow(expect.objectContaining(code) as Error);
    expect(read((r) => r.unsignedVarint(), Buffer.alloc(9, 0xff))).toThrow(
      expect.objectContaining(code) as Error,
    );
  });

  it('skip tagged fields that nobody knows', () => {
    const r = new Reader(Buffer.from([2, 0, 1, 9, 7, 2, 8, 8, 5]));
    const seen: number[] = [];
    r.tags((tag) => seen.push(tag));
    expect(seen).toEqual([0, 7]);
    expect(r.int8()).toBe(5);
  });
});
