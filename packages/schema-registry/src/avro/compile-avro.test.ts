import { describe, expect, it } from 'vitest';
import { Effort } from '../effort.ts';
import { compileAvro } from './compile-avro.ts';

const json = (schema: unknown, hex: string, ...references: unknown[]): string =>
  compileAvro(
    JSON.stringify(schema),
    references.map((reference) => JSON.stringify(reference)),
  ).decode(Buffer.from(hex.replaceAll(' ', ''), 'hex'), new Effort());

const fixed = (size: number, more: object) => ({ type: 'fixed', name: 'F', size, ...more });
const logical = (type: string, logicalType: string, more: object = {}) => ({
  type,
  logicalType,
  ...more,
});

describe('a value of Avro', () => {
  it.each([
    [
      fixed(12, { logicalType: 'duration' }),
      '01000000 02000000 ffffffff',
      '{"months":1,"days":2,"milliseconds":4294967295}',
    ],
    [
      fixed(16, { logicalType: 'uuid' }),
      '00112233445566778899aabbccddeeff',
      '"00112233-4455-6677-8899-aabbccddeeff"',
    ],
    [fixed(2, { logicalType: 'decimal', precision: 4, scale: 2 }), 'ff9c', '-1.00'],
    [fixed(2, { logicalType: 'uuid' }), '0001', '"AAE="'],
    [logical('long', 'timestamp-nanos'), '02', '"1970-01-01T00:00:00.000000001Z"'],
    [logical('long', 'local-timestamp-nanos'), '01', '"1969-12-31T23:59:59.999999999"'],
    [logical('long', 'timestamp-millis'), 'feffffffffffffffff01', '9223372036854775807'],
    [logical('int', 'timestamp-millis'), '02', '1'],
    [logical('int', 'time-millis'), '01', '-1'],
    [logical('string', 'date'), '0278', '"x"'],
    [{ type: { type: { type: 'int' } } }, '54', '42'],
    [{ type: 'array', items: 'int' }, '03 04 02 04 02 06 00', '[1,2,3]'],
    [['null', 'int'], '0202', '1'],
    [['int', 'null'], '02', 'null'],
    [['null'], '00', 'null'],
    [['int', 'string', 'null'], '0202 78', '{"string":"x"}'],
    [['int', 'string', 'null'], '04', 'null'],
    [
      [
        { type: 'array', items: 'int' },
        { type: 'map', values: 'int' },
      ],
      '0200',
      '{"map":{}}',
    ],
  ])('of %j', (schema, hex, expected) => {
    expect(json(schema, hex)).toBe(expected);
  });

  it.each([
    ['boolean', '02'],
    ['int', 'feffffffffff01'],
    [{ type: 'enum', name: 'E', symbols: ['A'] }, '02'],
    [{ type: 'enum', name: 'E', symbols: ['A'] }, '01'],
    [['null', 'int'], '04'],
    ['string', '02ff'],
    ['string', '01'],
    [logical('bytes', 'decimal', { precision: 4 }), ''],
    ['double', '00000000'],
  ])('of %j is malformed as %s', (schema, hex) => {
    expect(() => json(schema, hex)).toThrow(expect.objectContaining({ reason: 'malformed' }));
  });

  it('finds names by their namespace', () => {
    const inner = { type: 'fixed', name: 'Id', size: 1 };
    const schema = {
      type: 'record',
      name: 'a.b.Outer',
      fields: [
        { name: 'first', type: inner },
        { name: 'again', type: 'Id' },
        { name: 'full', type: 'a.b.Id' },
        { name: 'other', type: ['x.Other', 'a.b.Id'] },
        { name: 'late', type: 'Late' },
        { name: 'defined', type: { type: 'enum', name: 'Late', symbols: ['L'] } },
      ],
    };
    const reference = { type: 'record', namespace: 'x', name: 'Other', fields: [] };
    expect(json(schema, '01 02 03 02 04 00 00', reference)).toBe(
      '{"first":"AQ==","again":"Ag==","full":"Aw==","other":{"a.b.Id":"BA=="},"late":"L","defined":"L"}',
    );
    expect(() => json({ ...schema, name: 'c.Outer' }, '', reference)).toThrow(/no type a\.b\.Id/);
  });
});
