import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  areChosen,
  ChosenRecords,
  clipRanges,
  countOffsets,
  isChosen,
  maxChosenRecords,
  readingRanges,
} from './chosen-records.ts';

const place = { topic: 't', partition: 0 };
const of = async (offsets: readonly number[]) =>
  (await ChosenRecords.from(offsets.map((offset) => ({ ...place, offset: BigInt(offset) })))).of(
    place,
  );

describe('ChosenRecords', () => {
  it('has exactly the offsets it was given, as ranges apart from each other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(60), { maxLength: 60 }), async (offsets) => {
        const ranges = await of(offsets);
        const given = new Set(offsets);
        for (let offset = 0; offset < 62; offset++)
          expect(isChosen(ranges, BigInt(offset))).toBe(given.has(offset));
        expect(countOffsets(ranges)).toBe(BigInt(given.size));
        for (const [index, { start }] of ranges.slice(1).entries())
          expect(start > (ranges[index]?.end ?? 0n)).toBe(true);
      }),
    );
  });

  it('keeps topics and partitions apart', async () => {
    const records = await ChosenRecords.from([
      { topic: 'b', partition: 1, offset: 5n },
      { topic: 'a', partition: 0, offset: 7n },
      { topic: 'b', partition: 0, offset: 5n },
    ]);
    expect(records.topics).toEqual(['a', 'b']);
    expect(records.countOf('b')).toBe(2n);
    expect(records.of({ topic: 'b', partition: 1 })).toEqual([{ start: 5n, end: 6n }]);
    expect(records.of({ topic: 'b', partition: 2 })).toEqual([]);
  });

  it('refuses more records than it may hold', async () => {
    function* endless() {
      for (let offset = 0n; ; offset++) yield { ...place, offset };
    }
    await expect(ChosenRecords.from(endless())).rejects.toMatchObject({
      code: 'KOPS_USAGE',
      message: expect.stringContaining(String(maxChosenRecords)) as string,
    });
  });
});

describe('ranges', () => {
  it('are all chosen only if no offset between is missing', async () => {
    const ranges = await of([1, 2, 3, 5]);
    expect(areChosen(ranges, { start: 1n, end: 4n })).toBe(true);
    expect(areChosen(ranges, { start: 1n, end: 6n })).toBe(false);
    expect(areChosen(ranges, { start: 0n, end: 2n })).toBe(false);
  });

  it('are clipped to what is shown', async () => {
    expect(clipRanges(await of([1, 2, 3, 9]), { start: 2n, end: 9n })).toEqual([
      { start: 2n, end: 4n },
    ]);
  });

  it('are read together where they are close', async () => {
    const ranges = await of([1, 900, 5000, 5001]);
    expect(readingRanges(ranges, { start: 0n, end: 10_000n })).toEqual([
      { start: 1n, end: 901n },
      { start: 5000n, end: 5002n },
    ]);
  });
});
