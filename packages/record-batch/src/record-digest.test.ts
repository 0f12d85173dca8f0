import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { recordDigest, type KafkaRecord } from './index.ts';
import { records } from '../test/arbitrary-records.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const base: KafkaRecord = {
  offset: 1n,
  timestamp: 5n,
  key: bytes(1),
  value: bytes(2, 3),
  headers: [{ key: 'h', value: bytes(4) }],
};

describe('recordDigest', () => {
  it('is the SHA-256 of the documented bytes', () => {
    const content = [
      0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 1, 0, 0, 0, 2, 2, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0x68, 0, 0,
      0, 1, 4,
    ];
    expect(recordDigest(base)).toBe(
      createHash('sha256')
        .update(bytes(...content))
        .digest('hex'),
    );
  });

  it('does not depend on the offset', () => {
    const moved: KafkaRecord = { ...base, offset: 99n };
    expect(recordDigest(moved)).toBe(recordDigest(base));
  });

  it.each<[string, Partial<KafkaRecord>]>([
    ['the timestamp', { timestamp: 6n }],
    ['null for the key', { key: null }],
    ['an empty key', { key: bytes() }],
    ['null for the value', { value: null }],
    ['an empty value', { value: bytes() }],
    ['a byte moved from the value to the key', { key: bytes(1, 2), value: bytes(3) }],
    ['no headers', { headers: [] }],
    ['null for a header value', { headers: [{ key: 'h', value: null }] }],
    ['an empty header value', { headers: [{ key: 'h', value: bytes() }] }],
    [
      'a header twice',
      {
        headers: [
          { key: 'h', value: bytes(4) },
          { key: 'h', value: bytes(4) },
        ],
      },
    ],
    [
      'other bytes behind the same readable key',
      { headers: [{ key: 'h', keyBytes: bytes(0xff), value: bytes(4) }] },
    ],
  ])('changes with %s', (_, change) => {
    expect(recordDigest({ ...base, ...change })).not.toBe(recordDigest(base));
  });

  it('changes with the order of headers', () => {
    const headers = [
      { key: 'a', value: null },
      { key: 'b', value: null },
    ];
    expect(recordDigest({ ...base, headers })).not.toBe(
      recordDigest({ ...base, headers: headers.toReversed() }),
    );
  });

  it('is equal exactly for equal content', () => {
    fc.assert(
      fc.property(records, records, (some, others) => {
        const [a, b] = [some[0], others[0]];
        if (a === undefined || b === undefined) return;
        expect(recordDigest(a)).toBe(recordDigest(structuredClone(a)));
        const same = JSON.stringify(plain(a)) === JSON.stringify(plain(b));
        expect(recordDigest(a) === recordDigest(b)).toBe(same);
      }),
    );
  });
});

function plain({ timestamp, key, value, headers }: KafkaRecord) {
  const list = (content: Uint8Array | null) => content && [...content];
  return [
    `${timestamp}`,
    list(key),
    list(value),
    headers.map((header) => [header.key, list(header.value)]),
  ];
}
