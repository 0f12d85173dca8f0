import type { Effort } from './effort.ts';

/** Formats of schemas that a registry keeps. */
export type SchemaFormat = 'avro' | 'protobuf' | 'json-schema';

/** Makes JSON of the bytes of one schema. */
export interface Decoder {
  readonly format: SchemaFormat;
  /** @throws Undecodable; RangeError where the stack ends. */
  readonly decode: (payload: Buffer, effort: Effort) => string;
}
