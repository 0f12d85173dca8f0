import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  longValue,
  parseKeepingDigits,
  parseWithBigints,
  stringifyWithBigints,
} from './exact-json.ts';

const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,4})?$/);

describe('JSON without loss', () => {
  it('gives every number back as it was written', () => {
    fc.assert(
      fc.property(digits, (number) => {
        expect(JSON.stringify(parseKeepingDigits(`{"n":[${number}]}`))).toBe(`{"n":[${number}]}`);
      }),
      { numRuns: 3000 },
    );
  });

  it('would have lost some without', () => {
    expect(JSON.stringify(JSON.parse('[12345678901234567890,1.10,-0,1e400]'))).toBe(
      '[12345678901234567000,1.1,0,null]',
    );
  });

  it('writes 64 bits with all digits', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        expect(JSON.stringify([longValue(value)])).toBe(`[${String(value)}]`);
        expect(stringifyWithBigints(parseWithBigints(`[${String(value)},"x"]`))).toBe(
          `[${String(value)},"x"]`,
        );
      }),
    );
  });
});
