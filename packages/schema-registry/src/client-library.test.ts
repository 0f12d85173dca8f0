import { SchemaRegistry as ClientLibrary } from '@kafkajs/confluent-schema-registry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeSchemaRegistry, type FakeSchema } from '../test/fake-schema-registry.ts';
import { connectSchemaRegistry } from './index.ts';

/*
 * The client library's own decoding as a second opinion where it can decode, and what it cannot, so that a later version of it
 * that can is noticed: ADR 14 rests on these.
 */

const schema = (id: number, schemaType: string, text: string): FakeSchema => ({
  id,
  subject: `s${id}`,
  schemaType,
  schema: text,
  references: [],
});

const order = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'count', type: 'int' },
    { name: 'price', type: 'double' },
    { name: 'note', type: ['null', 'string'] },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'more', type: { type: 'map', values: { type: 'array', items: 'boolean' } } },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['OPEN', 'PAID'] } },
  ],
};
const wellFormed = fc.string({ unit: 'grapheme' });
const anyOrder = fc.record({
  // Above, the library's own numbers are not exact: see below.
  id: fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }),
  count: fc.integer(),
  price: fc.double({ noNaN: true, noDefaultInfinity: true }).map((price) => price + 0),
  note: fc.option(wellFormed),
  tags: fc.array(wellFormed),
  more: fc.dictionary(
    wellFormed.filter((key) => key !== '__proto__'),
    fc.array(fc.boolean()),
    { noNullPrototype: true },
  ),
  state: fc.constantFrom('OPEN', 'PAID'),
});

const proto =
  'syntax = "proto3"; package p; message A { int32 a = 1; } message B { string b = 1; }';

describe('the client library', () => {
  it('encodes what is decoded to the same', async () => {
    await using fake = await FakeSchemaRegistry.start([schema(1, 'AVRO', JSON.stringify(order))]);
    const library = new ClientLibrary({ host: fake.url });
    await using registry = connectSchemaRegistry({ url: fake.url });
    await fc.assert(
      fc.asyncProperty(anyOrder, async (value) => {
        const bytes = await library.encode(1, value);
        const decoded = await registry.decode(bytes);
        expect(JSON.parse(decoded?.json ?? '')).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses longs beyond 2^53, and takes every message for the first, which is why its decoding is not used', async () => {
    await using fake = await FakeSchemaRegistry.start([
      schema(1, 'AVRO', '"long"'),
      schema(2, 'PROTOBUF', proto),
    ]);
    const library = new ClientLibrary({ host: fake.url });
    await using registry = connectSchemaRegistry({ url: fake.url });
    const long = Buffer.from('0000000001feffffffffffffffff01', 'hex');
    await expect(library.decode(long)).rejects.toThrow(/precision/);
    expect((await registry.decode(long))?.json).toBe('9223372036854775807');
    // -(2^52) - 1, which it takes for another number without a word.
    const odd = Buffer.from('00000000018180808080808010', 'hex');
    expect(await library.decode(odd)).not.toBe(-(2 ** 52) - 1);
    expect((await registry.decode(odd))?.json).toBe('-4503599627370497');
    // Message 1 of the schema: B.
    const second = Buffer.from('000000000202020a0178', 'hex');
    expect(JSON.stringify(await library.decode(second).catch(() => 'failed'))).not.toContain('x');
    expect((await registry.decode(second))?.json).toBe('{"b":"x"}');
  });
});
