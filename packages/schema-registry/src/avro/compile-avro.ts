import { ByteCursor } from '../byte-cursor.ts';
import type { Decoder } from '../decoder.ts';
import { maxDepth } from '../effort.ts';
import { malformed } from '../undecodable.ts';
import {
  arrayReader,
  bareBytesReader,
  enumReader,
  fixedReader,
  mapReader,
  primitiveReader,
  recordReader,
  unionReader,
  type AvroReader,
} from './avro-readers.ts';

/** Types of a schema at most. */
const maxTypes = 50_000;

type Attributes = Readonly<Record<string, unknown>>;

/** Where in a schema something stands. */
interface Place {
  readonly namespace: string;
  readonly depth: number;
}

/** A type and the name that a union calls it by. */
interface Compiled {
  readonly name: string;
  readonly read: AvroReader;
}

/**
 * Prepares the decoding of a schema. Only what bytes depend on is looked at, so defaults and aliases may be wrong.
 * @throws Error for what is no schema.
 */
export function compileAvro(schema: string, references: readonly string[]): Decoder {
  const compiler = new AvroCompiler();
  for (const reference of references) compiler.compile(JSON.parse(reference), root);
  const parsed = JSON.parse(schema) as unknown;
  const { name, read } = compiler.compile(parsed, root);
  compiler.finish();
  const readAll = name === 'bytes' ? bareBytesReader(isAttributes(parsed) ? parsed : {}) : read;
  return {
    format: 'avro',
    decode(payload, effort) {
      const cursor = new ByteCursor(payload, effort);
      const text = readAll(cursor);
      return cursor.remaining === 0 ? text : malformed('more bytes than the schema has');
    },
  };
}

const root: Place = { namespace: '', depth: 0 };

class AvroCompiler {
  readonly #named = new Map<string, AvroReader>();
  readonly #missing = new Set<string>();
  #types = 0;

  compile(schema: unknown, place: Place): Compiled {
    if (++this.#types > maxTypes || place.depth > maxDepth) throw new Error('too large a schema');
    const inner = { ...place, depth: place.depth + 1 };
    if (typeof schema === 'string') return this.#byName(schema, {}, place);
    if (Array.isArray(schema)) return this.#union(schema, inner);
    if (!isAttributes(schema)) throw new Error('neither a name, a union nor an object');
    const { type } = schema;
    switch (type) {
      case 'record':
      case 'error':
      case 'enum':
      case 'fixed':
        return this.#define(type, schema, inner);
      case 'array':
        return { name: type, read: arrayReader(this.compile(schema['items'], inner).read) };
      case 'map':
        return { name: type, read: mapReader(this.compile(schema['values'], inner).read) };
      default:
        return typeof type === 'string'
          ? this.#byName(type, schema, place)
          : this.compile(type, inner);
    }
  }

  /** @throws Error where a name was used that nothing defines. */
  finish(): void {
    for (const name of this.#missing)
      if (!this.#named.has(name)) throw new Error(`no type ${name}`);
  }

  #union(schemas: readonly unknown[], place: Place): Compiled {
    const branches = schemas.map((schema) => this.compile(schema, place));
    return { name: 'union', read: unionReader(branches) };
  }

  #byName(text: string, attributes: Attributes, { namespace }: Place): Compiled {
    const primitive = primitiveReader(text, attributes);
    if (primitive !== undefined) return { name: text, read: primitive };
    const name = fullName(text, namespace);
    this.#missing.add(name);
    // Looked up when it is read: a record may hold itself, and its definition may stand further down.
    const read: AvroReader = (cursor) =>
      (this.#named.get(name) ?? malformed('a type without definition'))(cursor);
    return { name, read };
  }

  #define(type: 'record' | 'error' | 'enum' | 'fixed', schema: Attributes, place: Place): Compiled {
    const own = schema['namespace'];
    const name = fullName(
      text(schema['name']),
      typeof own === 'string' && own !== '' ? own : place.namespace,
    );
    if (this.#named.has(name)) throw new Error(`${name} is defined twice`);
    // Holds the name while its fields are compiled.
    this.#named.set(name, () => malformed('a type without definition'));
    const namespace = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
    const read = this.#definition(type, schema, { ...place, namespace });
    this.#named.set(name, read);
    return { name, read };
  }

  #definition(type: string, schema: Attributes, place: Place): AvroReader {
    if (type === 'enum') return enumReader(list(schema['symbols']).map(text));
    if (type === 'fixed') return fixedReader(length(schema['size']), schema);
    const fields = list(schema['fields']).map((field) => {
      if (!isAttributes(field)) throw new Error('a field that is no object');
      return { name: text(field['name']), read: this.compile(field['type'], place).read };
    });
    return recordReader(fields);
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function isAttributes(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new Error('a name that is no text');
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('a list is missing');
  return value;
}

function length(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error('a size is missing');
  return value as number;
}
