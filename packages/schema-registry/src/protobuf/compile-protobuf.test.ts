import { describe, expect, it } from 'vitest';
import { Effort } from '../effort.ts';
import { compileProtobuf } from './compile-protobuf.ts';

const schema = `
  syntax = "proto3";
  package p;
  enum E { ZERO = 0; option allow_alias = true; NIL = 0; LESS = -1; }
  message A {
    int32 n = 1;
    A child = 2;
    oneof one { string text = 3; A part = 4; int32 number = 5; }
    repeated int32 list = 6;
    map<string, int64> map = 7;
    E e = 8;
    repeated string texts = 9;
    map<string, A> children = 10;
    map<bool, E> flags = 11;
  }
`;
const decoder = compileProtobuf(schema, []);

/** JSON of a message of hex digits. */
const json = (hex: string): string =>
  decoder.decode(Buffer.from(`00${hex.replaceAll(' ', '')}`, 'hex'), new Effort());

describe('a message of Protobuf', () => {
  it.each([
    ['nothing', '', '{}'],
    ['a scalar that is there twice: the last', '0801 0802', '{"n":2}'],
    ['a message in two parts: one', '1202 0807 1203 320105', '{"child":{"n":7,"list":[5]}}'],
    ['two of a oneof: the last', '1a0178 2803', '{"number":3}'],
    ['two of a oneof the other way: the last', '2803 2202 0801', '{"part":{"n":1}}'],
    ['packed and single numbers in one list', '3202 0102 3003', '{"list":[1,2,3]}'],
    ['an empty packed list', '3200', '{}'],
    ['a field of another wire type: unknown', '0d 01000000 0803', '{"n":3}'],
    ['fields that the schema does not have', 'a006 01 a206 0101 a306 0801 a406 0802', '{"n":2}'],
    ['a key that is there twice: the last', '3a05 0a0161 1001 3a05 0a0161 1002', '{"map":{"a":2}}'],
    ['an entry without key and value', '3a00 5a00', '{"map":{"":0},"flags":{"false":"ZERO"}}'],
    ['an entry whose value comes first', '3a05 1003 0a0161', '{"map":{"a":3}}'],
    ['an entry without message', '5203 0a0161', '{"children":{"a":{}}}'],
    ['a negative enum', '40 ffffffffffffffffff01', '{"e":"LESS"}'],
    ['an enum without name', '4007', '{"e":7}'],
    ['an enum with two names: the first', '4000', '{"e":"ZERO"}'],
    ['a number of 32 bits that is longer', '08 ffffffff1f', '{"n":-1}'],
    ['empty texts', '4a00 4a00', '{"texts":["",""]}'],
  ])('has %s', (_, hex, expected) => {
    expect(json(hex)).toBe(expected);
  });

  it.each([
    ['ends in a tag', '80'],
    ['ends in a text', '1a05 61'],
    ['has the field 0', '0001'],
    ['has a wire type that is none', '0f'],
    ['has the end of a group that did not begin', '0c'],
    ['has a group that ends as another', '1308 011c'],
    ['has a text that is not UTF-8', '1a01 ff'],
    ['has a length above all bytes', '1a ffffffffffffffffff01'],
  ])('is malformed that %s', (_, hex) => {
    expect(() => json(hex)).toThrow(expect.objectContaining({ reason: 'malformed' }));
  });

  it('is that of its path', () => {
    const nested = compileProtobuf(
      'syntax = "proto3"; enum E { Z = 0; } message A { enum F { Y = 0; } message B { int32 b = 1; } message C { int32 c = 1; } } message D { int32 d = 1; }',
      [],
    );
    const at = (path: string): string =>
      nested.decode(Buffer.from(`${path}0805`, 'hex'), new Effort());
    expect(['00', '0200', '0202', '040000', '040002'].map(at)).toEqual([
      '{}',
      '{}',
      '{"d":5}',
      '{"b":5}',
      '{"c":5}',
    ]);
    for (const path of ['0204', '040004', '01', '0201', 'c801'])
      expect(() => at(path)).toThrow(expect.objectContaining({ reason: 'malformed' }));
  });

  it('may be of the same package as what it imports, and of a type that only an import has', () => {
    const imports = [
      { name: 'other.proto', text: 'syntax = "proto3"; package p; message O { int32 o = 1; }' },
    ];
    const both = compileProtobuf(
      'syntax = "proto3"; package p; import "other.proto"; import "custom/options.proto"; message A { O other = 1; }',
      imports,
    );
    expect(both.decode(Buffer.from('000a020801', 'hex'), new Effort())).toBe('{"other":{"o":1}}');
    // The import's message is none of the schema's own.
    expect(() => both.decode(Buffer.from('02020801', 'hex'), new Effort())).toThrow();
  });
});
