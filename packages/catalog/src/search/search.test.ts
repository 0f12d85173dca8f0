import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordQuery } from './record-query.ts';
import { decodePageEnd, encodePageEnd } from './search-page.ts';

describe('recordQuery', () => {
  it('is everything without a condition, and nothing without a range', () => {
    expect(recordQuery({ query: '  ' })).toEqual({ match_all: {} });
    expect(recordQuery({ ranges: [] })).toEqual({ bool: { filter: [{ match_none: {} }] } });
  });

  it('has all conditions, with all digits of offsets', () => {
    const query = recordQuery({
      query: 'order 4711',
      topics: ['orders'],
      ranges: [{ lineage: 'l', partition: 2, from: 3n, to: 2n ** 63n - 1n }],
      fromTime: 5,
    });
    const json = JSON.stringify(query);
    expect(json).toContain('{"gte":3,"lt":9223372036854775807}');
    expect(json).toContain('{"terms":{"kafka.topic":["orders"]}}');
    expect(json).toContain('{"range":{"kafka.timestamp":{"gte":5}}}');
    expect(json).toContain(
      '"query":"order 4711","fields":["message","kafka.key","kafka.headers"],"default_operator":"AND"',
    );
  });
});

describe('the end of a page', () => {
  it('is read as it was written', () => {
    const sort = fc.array(fc.oneof(fc.string(), fc.integer(), fc.bigInt(2n ** 53n, 2n ** 63n)));
    fc.assert(
      fc.property(fc.option(fc.string(), { nil: undefined }), sort, (pointInTime, values) => {
        const end = { pointInTime, sort: values };
        const text = encodePageEnd(end);
        expect(decodePageEnd(text)).toEqual(end);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  it.each([
    '',
    'x',
    Buffer.from('[1,[]]').toString('base64url'),
    Buffer.from('{}').toString('base64url'),
  ])('is refused if it is %j', (text) => {
    expect(() => decodePageEnd(text)).toThrow(expect.objectContaining({ code: 'KOPS_USAGE' }));
  });
});
