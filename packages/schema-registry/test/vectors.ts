import { readFileSync } from 'node:fs';
import type { FakeSchema } from './fake-schema-registry.ts';

/** Bytes that a foreign serializer wrote, and what a foreign reader made of them. */
export interface Vector {
  readonly name: string;
  readonly bytes: Buffer;
  readonly json: string;
}

interface Recorded {
  readonly schemas: readonly (FakeSchema & { readonly unregistered?: boolean })[];
  readonly vectors: readonly {
    readonly name: string;
    readonly hex: string;
    readonly json: string;
  }[];
}

const recorded = JSON.parse(
  readFileSync(new URL('vectors/vectors.json', import.meta.url), 'utf8'),
) as Recorded;

/** Schemas in the order in which they were registered: what is referred to comes first. */
export const schemas = recorded.schemas;

/** What `vectors/record-vectors.py` recorded. */
export const vectors: readonly Vector[] = recorded.vectors.map(({ name, hex, json }) => ({
  name,
  json,
  bytes: Buffer.from(hex, 'hex'),
}));

/** The id of a vector's schema. */
export const schemaIdOf = ({ bytes }: Vector): number => bytes.readInt32BE(1);

/** The bytes with the id of another schema. */
export function withSchemaId(bytes: Buffer, id: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeInt32BE(id, 1);
  return copy;
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/**
 * A value whose numbers are texts with all of their digits, so that no comparison rounds. Google's JSON has 64-bit numbers as
 * texts anyway; of numbers with an exponent or a fraction of zeros, the value is compared.
 */
export function exactly(json: string): unknown {
  const parse = JSON.parse as unknown as (text: string, reviver: Reviver) => unknown;
  return parse(json, (_, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    return /[eE]|\.0*$/.test(source) ? String(value) : source;
  });
}
