import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertSameRecords, compareRecords } from './compare-records.ts';
import { toBase64, type OracleRecord } from './oracle-record.ts';

const record = (
  partition: number,
  offset: bigint,
  change: Partial<OracleRecord> = {},
): OracleRecord => ({
  topic: 'orders',
  partition,
  offset,
  timestamp: 1_700_000_000_000n + offset,
  timestampType: 'CreateTime',
  key: toBase64(`key ${String(offset)}`),
  value: toBase64(`value ${String(offset)}`),
  headers: [
    ['a', toBase64('1')],
    ['a', null],
  ],
  leaderEpoch: 3,
  ...change,
});

const records = [record(0, 0n), record(0, 1n), record(0, 4n), record(1, 0n)];

describe('compareRecords', () => {
  it('finds equal records equal, whatever the order of partitions and the leader epoch', () => {
    const other = [record(1, 0n), ...records.slice(0, 3)].map((r) => ({ ...r, leaderEpoch: 9 }));
    expect(compareRecords(records, other)).toEqual({
      equal: true,
      compared: 4,
      difference: undefined,
    });
    expect(assertSameRecords(records, other)).toBe(4);
  });

  it.each([
    ['offset', { offset: 5n }, 'offset: expected 4, got 5'],
    ['timestamp', { timestamp: 1n }, 'timestamp: expected 1700000000004, got 1'],
    [
      'timestamp type',
      { timestampType: 'LogAppendTime' },
      'timestampType: expected CreateTime, got LogAppendTime',
    ],
    ['key', { key: null }, 'key: expected "key 4", got null'],
    ['empty for text', { value: '' }, 'value: expected "value 4", got ""'],
    ['bytes for text', { value: 'AP8=' }, 'value: expected "value 4", got base64 AP8='],
    [
      'header order',
      {
        headers: [
          ['a', null],
          ['a', toBase64('1')],
        ],
      },
      'headers: expected [["a","MQ=="],["a",null]], got [["a",null],["a","MQ=="]]',
    ],
    [
      'header count',
      { headers: [['a', toBase64('1')]] },
      'headers: expected [["a","MQ=="],["a",null]], got [["a","MQ=="]]',
    ],
  ] as const)('says where and how records differ: %s', (_name, change, difference) => {
    const other = records.map((r) => (r.offset === 4n ? { ...r, ...change } : r));
    const outcome = compareRecords(records, other);
    expect(outcome.equal).toBe(false);
    expect(outcome.difference).toBe(`orders-0, record 2, expected offset 4: ${difference}`);
    expect(() => assertSameRecords(records, other)).toThrow(difference);
  });

  it('tells missing and surplus records', () => {
    expect(compareRecords(records, records.slice(0, 3)).difference).toMatch(
      /orders-1: got 0 records, expected 1; .*missing/,
    );
    expect(compareRecords(records.slice(0, 2), records).difference).toMatch(
      /orders-0: got 3 records, expected 2; .*surplus one has offset 4/,
    );
  });

  it('does not take two empty sides for a comparison', () => {
    expect(compareRecords([], [])).toEqual({
      equal: false,
      compared: 0,
      difference: 'nothing was compared',
    });
    expect(compareRecords([], [], { allowEmpty: true }).equal).toBe(true);
  });

  it('compares the fields that were asked for and no others', () => {
    const moved = records.map((r) => ({ ...r, offset: r.offset + 100n, leaderEpoch: 0 }));
    expect(
      compareRecords(records, moved, { fields: ['key', 'value', 'headers', 'timestamp'] }).equal,
    ).toBe(true);
    expect(
      compareRecords(
        records,
        records.map((r) => ({ ...r, leaderEpoch: 0 })),
        { fields: ['leaderEpoch'] },
      ).equal,
    ).toBe(false);
  });

  it('sees any single change of any record', () => {
    const changes: ((r: OracleRecord) => OracleRecord)[] = [
      (r) => ({ ...r, offset: r.offset + 1n }),
      (r) => ({ ...r, timestamp: r.timestamp - 1n }),
      (r) => ({ ...r, key: r.key === null ? '' : null }),
      (r) => ({ ...r, value: `${r.value ?? ''}AA==` }),
      (r) => ({ ...r, headers: [...r.headers, ['z', null]] }),
    ];
    const arbitrary = fc.record({
      count: fc.integer({ min: 1, max: 30 }),
      at: fc.nat(),
      change: fc.constantFrom(...changes),
    });
    fc.assert(
      fc.property(arbitrary, ({ count, at, change }) => {
        const all = Array.from({ length: count }, (_, index) => record(index % 3, BigInt(index)));
        const changed = all.map((r, index) => (index === at % count ? change(r) : r));
        return compareRecords(all, all).compared === count && !compareRecords(all, changed).equal;
      }),
    );
  });
});
