import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refuseNumberRangesOverText } from './number-ranges.ts';
import { queryRanges } from './query-ranges.ts';

describe('a range of numbers over a field that is compared as text', () => {
  it.each([
    ['kafka.value.cents:[100 TO 200]', 'kafka.value.cents:[100 TO 200]'],
    ['kafka.value.cents:{100 TO 200}', 'kafka.value.cents:{100 TO 200}'],
    ['kafka.value.cents:[ * TO 200 }', 'kafka.value.cents:[ * TO 200 }'],
    ['kafka.value.cents:[-1.5e3 TO *]', 'kafka.value.cents:[-1.5e3 TO *]'],
    ['kafka.value.cents:>100', 'kafka.value.cents:>100'],
    ['kafka.value.cents : <= 100', 'kafka.value.cents:<= 100'],
    ['kafka.value.cents:(>=10 AND <20)', 'kafka.value.cents:>=10'],
    ['kafka.value.cents:(open OR (paid [1 TO 2]))', 'kafka.value.cents:[1 TO 2]'],
    ['paid AND NOT kafka.key:[1 TO 9]', 'kafka.key:[1 TO 9]'],
    [String.raw`kafka.value.a\:b:[1 TO 9]`, 'kafka.value.a:b:[1 TO 9]'],
    ['"a [1 TO" kafka.value.n:[1 TO 9]', 'kafka.value.n:[1 TO 9]'],
  ])('is refused with its range: %s', (query, range) => {
    expect(() => {
      refuseNumberRangesOverText(query);
    }).toThrow(
      expect.objectContaining({
        code: 'KOPS_USAGE',
        message: expect.stringContaining(`the range ${range} cannot be searched`) as string,
      }),
    );
  });

  it('is refused without a field, as those that are searched then are text', () => {
    expect(() => {
      refuseNumberRangesOverText('paid [1 TO 9]');
    }).toThrow(/the range \[1 TO 9\] cannot be searched: a field that is not named is compared/);
  });

  it.each([
    'kafka.offset:[80 TO *]',
    'kafka.offset:>=80',
    'kafka.partition:(>1 AND <3)',
    'kafka.timestamp:[1795382360000 TO 1795382370000]',
    '@timestamp:["2026-03-29" TO "2026-03-30"]',
    '@timestamp:[2026 TO 2027]',
    'kafka.value.day:[2026-03-29 TO 2026-03-30]',
    'kafka.value.code:["100" TO "200"]',
    'kafka.value.name:[ada TO *]',
    'message:"from [1 TO 9]"',
    String.raw`message:\[1 TO 9\]`,
    'message:/a[0-9]+>3/',
    'kafka.value.cents:(100 OR 200)',
    'kafka.key:"x" 4711',
    '',
  ])('passes where the order is right, or asked for as text: %s', (query) => {
    expect(() => {
      refuseNumberRangesOverText(query);
    }).not.toThrow();
  });
});

describe('queryRanges', () => {
  it('ends for every text', () => {
    const pieces = fc.constantFrom(...'()[]{}<>=":\\/ \n'.split(''), 'TO', 'a.b', '1', 'AND', '*');
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
        for (const { text, bounds } of queryRanges(parts.join(''))) {
          expect(text).not.toBe('');
          expect(bounds.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});
