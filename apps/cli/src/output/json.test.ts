import { describe, expect, it } from 'vitest';
import { toJson } from './json.ts';

describe('numbers in JSON', () => {
  it('are decimal strings where they are offsets or times of records, numbers where they count or measure', () => {
    const result = {
      cut: 2n,
      timestamp: 1_796_097_817_484n,
      losses: { count: 1, offsets: 3n, ranges: [{ from: 0n, to: 3n }] },
      records: 4n,
      bytes: 166n,
      watermarks: { 'file:///r': 2n },
      partition: 0,
    };
    expect(JSON.parse(toJson(result))).toEqual({
      cut: '2',
      timestamp: '1796097817484',
      losses: { count: 1, offsets: 3, ranges: [{ from: '0', to: '3' }] },
      records: 4,
      bytes: 166,
      watermarks: { 'file:///r': '2' },
      partition: 0,
    });
  });

  it('keep all their digits', () => {
    expect(toJson({ bytes: 2n ** 60n })).toBe('{\n  "bytes": 1152921504606846976\n}');
    expect(toJson({ hits: [{ offset: 2n ** 60n, fields: { id: 2n ** 60n, n: 1 } }] })).toContain(
      '"id": 1152921504606846976,\n        "n": 1',
    );
  });
});
