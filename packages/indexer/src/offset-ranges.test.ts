import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addRange, intersectRanges, subtractRanges, type OffsetRange } from './offset-ranges.ts';

const rangeOf = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 12 }))
  .map(([from, length]): OffsetRange => ({ from: BigInt(from), to: BigInt(from + length) }));
const rangesOf = fc.array(rangeOf, { maxLength: 8 });

const offsetsOf = (ranges: readonly OffsetRange[]): Set<bigint> =>
  new Set(
    ranges.flatMap(({ from, to }) =>
      Array.from({ length: Number(to - from) }, (_, index) => from + BigInt(index)),
    ),
  );

describe('ranges of offsets', () => {
  const union = (ranges: readonly OffsetRange[]) => ranges.reduce<OffsetRange[]>(addRange, []);

  it('are joined without overlaps, ascending, whatever the order', () => {
    fc.assert(
      fc.property(rangesOf, (ranges) => {
        const joined = union(ranges);
        expect(offsetsOf(joined)).toEqual(offsetsOf(ranges));
        for (const [index, { from, to }] of joined.entries()) {
          expect(from < to).toBe(true);
          const before = joined[index - 1];
          if (before !== undefined) expect(before.to < from).toBe(true);
        }
      }),
    );
  });

  it('are subtracted and intersected as sets are', () => {
    fc.assert(
      fc.property(rangesOf, rangesOf, (some, others) => {
        const [a, b] = [union(some), union(others)];
        expect(offsetsOf(subtractRanges(a, b))).toEqual(offsetsOf(a).difference(offsetsOf(b)));
        expect(offsetsOf(intersectRanges(a, b))).toEqual(offsetsOf(a).intersection(offsetsOf(b)));
      }),
    );
  });
});
