import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemas, vectors } from '../test/vectors.ts';
import { compileAvro } from './avro/compile-avro.ts';
import type { Decoder } from './decoder.ts';
import { Effort } from './effort.ts';
import { jsonSchemaDecoder } from './json-schema.ts';
import { compileProtobuf } from './protobuf/compile-protobuf.ts';
import { Undecodable } from './undecodable.ts';

const textOf = (subject: string): string =>
  schemas.find((schema) => schema.subject === subject)?.schema ?? '';

const primitives = compileAvro(textOf('primitives-value'), []);

const decoders: Record<string, Decoder> = {
  primitives,
  logical: compileAvro(textOf('logical-value'), []),
  unions: compileAvro(textOf('unions-value'), []),
  recursion: compileAvro(textOf('recursion-value'), []),
  shop: compileProtobuf(textOf('shop-value'), [
    { name: 'money.proto', text: textOf('money.proto') },
  ]),
  old: compileProtobuf(textOf('old-value'), []),
  json: jsonSchemaDecoder,
};

/** The JSON, or why there is none. */
function outcome(decoder: Decoder, payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(Buffer.from(payload), new Effort(1_000_000)));
  } catch (error) {
    if (error instanceof Undecodable) return error.reason;
    throw error;
  }
}

const avro = (schema: unknown, ...references: unknown[]): Decoder =>
  compileAvro(
    JSON.stringify(schema),
    references.map((reference) => JSON.stringify(reference)),
  );

describe.each(Object.entries(decoders))('any bytes as %s', (_, decoder) => {
  it('are JSON, malformed or too large', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        outcome(decoder, bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('real bytes', () => {
  const real = vectors.map(({ bytes }) => bytes.subarray(5));

  it('that were damaged are JSON, malformed or too large', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...real),
        fc.constantFrom(...Object.values(decoders)),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        (bytes, decoder, changes) => {
          const copy = Buffer.from(bytes);
          for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte;
          outcome(decoder, copy);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('that were cut are never a whole record of Avro', () => {
    const whole = vectors.filter(({ name }) => name.startsWith('avro primitives'));
    expect(whole.length).toBeGreaterThan(3);
    for (const { bytes } of whole) {
      const payload = bytes.subarray(5);
      expect(outcome(primitives, payload)).toBeTypeOf('object');
      for (let length = 0; length < Math.min(payload.length, 400); length++)
        expect(outcome(primitives, payload.subarray(0, length))).toBe('malformed');
    }
  });
});

describe('what costs more than its bytes', () => {
  /** 2^60 as a count. */
  const count = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20];

  it.each([
    ['nulls', 'null'],
    ['empty records', { type: 'record', name: 'E', fields: [] }],
    ['empty fixed', { type: 'fixed', name: 'F', size: 0 }],
  ])('such as 2^60 %s in ten bytes ends soon', (_, items) => {
    const started = performance.now();
    expect(outcome(avro({ type: 'array', items }), Uint8Array.from([...count, 0]))).toBe(
      'tooLarge',
    );
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('such as 2^60 texts that are not there is malformed', () => {
    const decoder = avro({ type: 'array', items: 'string' });
    expect(outcome(decoder, Uint8Array.from([...count, 0]))).toBe('malformed');
  });

  it('such as records that double with each level ends soon', () => {
    const level = (n: number): unknown =>
      n === 0
        ? 'null'
        : {
            type: 'record',
            name: `L${n}`,
            fields: [
              { name: 'a', type: level(n - 1) },
              { name: 'b', type: n === 1 ? 'null' : `L${n - 1}` },
            ],
          };
    expect(outcome(avro(level(40)), Buffer.of())).toBe('tooLarge');
    expect(outcome(avro(level(3)), Buffer.of())).toBeTypeOf('object');
  });

  it('such as a record that holds itself is malformed', () => {
    const self = avro({ type: 'record', name: 'A', fields: [{ name: 'a', type: 'A' }] });
    expect(outcome(self, Buffer.of())).toBe('malformed');
  });

  it('such as messages in messages is malformed, and so are groups', () => {
    const decoder = compileProtobuf('syntax = "proto2"; message A { optional A a = 1; }', []);
    const nested = (levels: number): Buffer => {
      let bytes = Buffer.of();
      for (let level = 0; level < levels; level++) {
        const length =
          bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
        bytes = Buffer.concat([Buffer.of(10, ...length), bytes]);
      }
      return Buffer.concat([Buffer.of(0), bytes]);
    };
    expect(outcome(decoder, nested(90))).toBeTypeOf('object');
    expect(outcome(decoder, nested(110))).toBe('malformed');
    expect(outcome(decoder, Buffer.concat([Buffer.of(0), Buffer.alloc(100_000, 0x13)]))).toBe(
      'malformed',
    );
  });

  it('such as a decimal of a billion zeros stays bytes', () => {
    const decoder = avro({ type: 'bytes', logicalType: 'decimal', precision: 2e9, scale: 1e9 });
    expect(outcome(decoder, Buffer.of(5))).toBe('BQ==');
  });
});

describe('schemas that are none', () => {
  it.each([
    ['not JSON', '{'],
    ['a name that nothing defines', '"kops.Gone"'],
    [
      'a name twice',
      JSON.stringify([
        'int',
        { type: 'fixed', name: 'A', size: 1 },
        { type: 'fixed', name: 'A', size: 2 },
      ]),
    ],
    ['a negative size', '{"type":"fixed","name":"A","size":-1}'],
    ['nested too deep', `${'{"type":"array","items":'.repeat(200)}"int"${'}'.repeat(200)}`],
    ['too many types', JSON.stringify(Array.from({ length: 60_000 }, () => 'int'))],
    ['a number', '5'],
    ['a field without name', '{"type":"record","name":"A","fields":[{"type":"int"}]}'],
  ])('in Avro: %s', (_, schema) => {
    expect(() => compileAvro(schema, [])).toThrow();
  });

  it.each([
    ['no proto', 'hello'],
    ['a type that is nowhere', 'syntax = "proto3"; message A { Gone g = 1; }'],
    ['messages in messages without end', `syntax = "proto3"; ${'message A {'.repeat(50_000)}`],
  ])('in Protobuf: %s', (_, schema) => {
    expect(() => compileProtobuf(schema, [])).toThrow();
  });

  it('in Avro, but only where bytes do not depend on it, do', () => {
    const decoder = avro({
      type: 'record',
      name: 'A',
      doc: 5,
      aliases: 7,
      fields: [{ name: 'a-b', type: ['string', 'null'], default: null }],
    });
    expect(outcome(decoder, Buffer.of(0, 2, 0x78))).toEqual({ 'a-b': 'x' });
  });
});
