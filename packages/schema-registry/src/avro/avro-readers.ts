import type { ByteCursor, Whole } from '../byte-cursor.ts';
import { doubleText, floatText, quote } from '../json-text.ts';
import { malformed } from '../undecodable.ts';
import { bytesText, stringText, wholeText } from './logical-types.ts';

/** Reads a value and returns it as JSON text. */
export type AvroReader = (cursor: ByteCursor) => string;

type Attributes = Readonly<Record<string, unknown>>;

/** A count or a length: whole, not negative, and small enough to be exact. */
function size(cursor: ByteCursor): number {
  const value = cursor.zigzag();
  return typeof value === 'number' && value >= 0 ? value : malformed('a length that cannot be');
}

const isInt32 = (value: Whole): boolean => value >= -(2 ** 31) && value < 2 ** 31;

const null_: AvroReader = ({ effort }) => effort.pay('null');

const boolean: AvroReader = (cursor) => {
  const byte = cursor.byte();
  if (byte > 1) malformed('a boolean that is neither');
  return cursor.effort.pay(byte === 1 ? 'true' : 'false');
};

const primitives: Readonly<Record<string, (attributes: Attributes) => AvroReader>> = {
  null: () => null_,
  boolean: () => boolean,
  int: (attributes) => {
    const text = wholeText('int', attributes);
    return (cursor) => {
      const value = cursor.zigzag();
      return isInt32(value) ? cursor.effort.pay(text(value)) : malformed('an int above 32 bits');
    };
  },
  long: (attributes) => {
    const text = wholeText('long', attributes);
    return (cursor) => cursor.effort.pay(text(cursor.zigzag()));
  },
  float: () => (cursor) => cursor.effort.pay(floatText(cursor.float())),
  double: () => (cursor) => cursor.effort.pay(doubleText(cursor.double())),
  string: () => (cursor) => cursor.effort.pay(stringText(cursor, size(cursor))),
  bytes: (attributes) => {
    const text = bytesText(attributes);
    return (cursor) => cursor.effort.pay(text(cursor.take(size(cursor))));
  },
};

/** The reader of a primitive type, undefined for other names. */
export function primitiveReader(name: string, attributes: Attributes): AvroReader | undefined {
  return Object.hasOwn(primitives, name) ? primitives[name]?.(attributes) : undefined;
}

/** A value that is all there is: serializers write `bytes` without their length then. */
export function bareBytesReader(attributes: Attributes): AvroReader {
  const text = bytesText(attributes);
  return (cursor) => cursor.effort.pay(text(cursor.rest()));
}

/** A fixed number of bytes. */
export function fixedReader(length: number, attributes: Attributes): AvroReader {
  const text = bytesText(attributes, length);
  return (cursor) => cursor.effort.pay(text(cursor.take(length)));
}

/** One of some names. */
export function enumReader(symbols: readonly string[]): AvroReader {
  const texts = symbols.map(quote);
  return (cursor) =>
    cursor.effort.pay(texts[size(cursor)] ?? malformed('an enum without that symbol'));
}

/** Fields in the order of the schema. */
export function recordReader(fields: readonly { name: string; read: AvroReader }[]): AvroReader {
  const labels = fields.map(({ name }, index) => `${index === 0 ? '' : ','}${quote(name)}:`);
  const cost = labels.join('').length + 2;
  return (cursor) => {
    cursor.effort.payFor(cost);
    return cursor.effort.nested(() => {
      let text = '{';
      fields.forEach(({ read }, index) => (text += String(labels[index]) + read(cursor)));
      return `${text}}`;
    });
  };
}

/** Items in blocks, of which each has its count, a negative one with the block's bytes behind it. */
function blocks(cursor: ByteCursor, readItem: (cursor: ByteCursor) => string): string {
  return cursor.effort.nested(() => {
    let text = '';
    for (let count = cursor.zigzag(); count !== 0; count = cursor.zigzag()) {
      if (count < 0) size(cursor);
      for (let left = count < 0 ? -count : count; left > 0; left--) {
        cursor.effort.payFor(1);
        text += (text === '' ? '' : ',') + readItem(cursor);
      }
    }
    return text;
  });
}

/** An array. */
export function arrayReader(read: AvroReader): AvroReader {
  return (cursor) => `[${blocks(cursor, read)}]`;
}

/** A map as JSON object. */
export function mapReader(read: AvroReader): AvroReader {
  const entry: AvroReader = (cursor) => {
    const key = cursor.effort.pay(stringText(cursor, size(cursor)));
    return `${key}:${read(cursor)}`;
  };
  return (cursor) => `{${blocks(cursor, entry)}}`;
}

/** What a union may be. */
export interface UnionBranch {
  /** Name of the type, with its namespace. */
  readonly name: string;
  readonly read: AvroReader;
}

/**
 * A union: the plain value where only one thing besides null is possible, else an object whose one field names what it is,
 * as Avro's own JSON has it: which of two events a record holds must not be lost.
 */
export function unionReader(branches: readonly UnionBranch[]): AvroReader {
  const isOptional = branches.filter(({ name }) => name !== 'null').length <= 1;
  const labels = branches.map(({ name }) => `{${quote(name)}:`);
  return (cursor) => {
    const index = size(cursor);
    const branch = branches[index] ?? malformed('a union without that branch');
    if (isOptional || branch.name === 'null') return branch.read(cursor);
    return `${cursor.effort.pay(String(labels[index]))}${branch.read(cursor)}}`;
  };
}
