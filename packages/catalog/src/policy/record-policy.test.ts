import { describe, expect, it } from 'vitest';
import { createHasher } from './keyed-hash.ts';
import { compilePolicy, parseRecordRules } from './record-policy.ts';

const parse = (input: unknown, hasHashKey = false) => parseRecordRules(input, { hasHashKey });

describe('the policy of records', () => {
  const policyOf = compilePolicy(
    parse([
      { topics: 'orders.secret*', level: 'none' },
      { topics: 'orders.?', level: 'keys' },
      { topics: 'orders.*', level: 'full', maxValueBytes: 100, pipeline: 'clean' },
    ]),
  );

  it('is that of the first glob that matches', () => {
    expect(policyOf('orders.secret1').level).toBe('none');
    expect(policyOf('orders.1').level).toBe('keys');
    expect(policyOf('orders.12')).toMatchObject({
      level: 'full',
      maxValueBytes: 100,
      pipeline: 'clean',
    });
  });

  it('is none where nothing matches: a dot is a dot', () => {
    expect(policyOf('ordersX1').level).toBe('none');
    expect(compilePolicy([])('orders').level).toBe('none');
  });

  it('sorts masks by the part of the record', () => {
    const [rule] = parse([
      {
        topics: '*',
        level: 'full',
        masks: [
          { field: 'key', action: 'redact' },
          { field: 'value.cards.*.number', action: 'drop' },
          { field: 'headers.X-Auth.*', action: 'drop' },
          { field: 'headers.*', action: 'redact' },
        ],
      },
    ]);
    const { masks } = compilePolicy([rule!])('orders');
    expect(masks.key).toEqual({ whole: 'redact', paths: [] });
    expect(masks.value).toEqual({
      whole: undefined,
      paths: [{ path: ['cards', '*', 'number'], action: 'drop' }],
    });
    expect(['x-auth.token', 'trace', 'trace'].map(masks.headerAction)).toEqual([
      'drop',
      'redact',
      'redact',
    ]);
  });

  it.each([
    [[{ topics: '*' }], 'catalog.records.0.level'],
    [[{ topics: '*', level: 'all' }], 'catalog.records.0.level'],
    [[{ topics: '*', level: 'full', mask: [] }], 'catalog.records.0'],
    [
      [{ topics: '*', level: 'full', masks: [{ field: 'payload.x', action: 'drop' }] }],
      'masks.0.field: expected key…, value… or headers.NAME',
    ],
    [
      [{ topics: '*', level: 'full', masks: [{ field: 'value..x', action: 'drop' }] }],
      'names with single dots',
    ],
    [
      [{ topics: '*', level: 'full', masks: [{ field: 'headers', action: 'drop' }] }],
      'headers.NAME',
    ],
    [[{ topics: '*', level: 'full', maxValueBytes: 10_000_000 }], 'maxValueBytes'],
    ['orders', 'catalog.records'],
  ])('refuses %j', (input, message) => {
    expect(() => parse(input)).toThrow(
      expect.objectContaining({ code: 'KOPS_CONFIG', message: expect.stringContaining(message) }),
    );
  });

  it('refuses to hash without a key', () => {
    const rules = [
      { topics: '*', level: 'full', masks: [{ field: 'value.card', action: 'hash' }] },
    ];
    expect(() => parse(rules)).toThrow(/catalog.hashKey/);
    expect(parse(rules, true)).toHaveLength(1);
  });
});

describe('createHasher', () => {
  it('hashes otherwise for each key', () => {
    const hashes = [createHasher(), createHasher('one'), createHasher('two')].map((hasher) =>
      hasher.hash('4111'),
    );
    expect(new Set(hashes).size).toBe(3);
    expect(createHasher('one').hash(Buffer.from('4111'))).toBe(hashes[1]);
  });
});
