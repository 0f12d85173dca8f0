import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteCursor, unzigzag } from './byte-cursor.ts';
import { Effort } from './effort.ts';
import {
  decimalText,
  doubleText,
  floatText,
  isoDate,
  isoTime,
  isoTimeOfDay,
  twosComplement,
} from './json-text.ts';

/** Seven bits a byte, the lowest first. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

const uint64 = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.integer({ min: 0, max: 64 }).map((bits) => 2n ** BigInt(bits) - 1n),
  fc.integer({ min: 0, max: 63 }).map((bits) => 2n ** BigInt(bits)),
);

describe('numbers', () => {
  it('of 64 bits keep all of their digits', () => {
    fc.assert(
      fc.property(uint64, (value) => {
        const cursor = new ByteCursor(varint(value), new Effort());
        const read = cursor.varint();
        expect(String(read)).toBe(value.toString());
        expect(cursor.remaining).toBe(0);
        const signed = value % 2n === 0n ? value / 2n : -(value + 1n) / 2n;
        expect(String(unzigzag(read))).toBe(signed.toString());
      }),
      { numRuns: 2000 },
    );
    const tooMuch = new ByteCursor(Buffer.from([...Array<number>(9).fill(0xff), 2]), new Effort());
    expect(() => tooMuch.varint()).toThrow(/64 bits/);
  });

  it('of 32 bits keep the sign of zero', () => {
    expect([0, -0].map(floatText)).toEqual(['0', '-0']);
  });

  it('of 32 bits with a fraction are as short as they can be', () => {
    expect([0.1, 1 / 3, 16_777_216, 3.4028234663852886e38].map(Math.fround).map(floatText)).toEqual(
      ['0.1', '0.33333334', '16777216', '3.4028235e+38'],
    );
    fc.assert(
      fc.property(fc.float(), (value) => {
        const text = floatText(value);
        const back: unknown = JSON.parse(text);
        expect(
          Object.is(typeof back === 'string' ? Number(back) : Math.fround(back as number), value),
        ).toBe(true);
        expect(text.length).toBeLessThanOrEqual(doubleText(value).length);
      }),
    );
  });

  it('of 64 bits with a fraction come back, those too that JSON does not have', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(Object.is(Number(JSON.parse(doubleText(value))), value)).toBe(true);
      }),
    );
    expect([Number.NaN, -Infinity, -0].map(doubleText)).toEqual(['"NaN"', '"-Infinity"', '-0']);
  });

  it('with a scale have all digits of it', () => {
    expect(decimalText(110n, 2)).toBe('1.10');
    expect(decimalText(-5n, 3)).toBe('-0.005');
    expect(decimalText(-(10n ** 40n), 0)).toBe(`-1${'0'.repeat(40)}`);
    expect(twosComplement(Buffer.of(0xff, 0x7f))).toBe(-129n);
    expect(twosComplement(Buffer.of(0, 0x80))).toBe(128n);
  });
});

describe('times', () => {
  it('have all digits of their unit', () => {
    expect(isoTime(-1, 3)).toBe('1969-12-31T23:59:59.999');
    expect(isoTime(1_769_903_999_123_456_789n, 9)).toBe('2026-01-31T23:59:59.123456789');
    expect(isoDate(-719_528)).toBe('0000-01-01');
    expect(isoDate(2_932_896)).toBe('9999-12-31');
    expect(isoTimeOfDay(86_399_999, 3)).toBe('23:59:59.999');
  });

  it('are numbers where they are none', () => {
    expect(isoTime(2n ** 63n - 1n, 3)).toBeUndefined();
    expect(isoTime(253_402_300_800_000, 3)).toBeUndefined();
    expect(isoDate(-719_529)).toBeUndefined();
    expect(isoTimeOfDay(86_400_000, 3)).toBeUndefined();
    expect(isoTimeOfDay(-1, 6)).toBeUndefined();
  });

  it('are those that JavaScript says, where it can', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(`${String(isoTime(date.getTime(), 3))}Z`).toBe(date.toISOString());
        },
      ),
    );
  });
});
