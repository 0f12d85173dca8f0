import type { DecodedRecord } from '@kops/catalog';
import { connectSchemaRegistry, type SchemaRegistrySettings } from '@kops/schema-registry';

/** Makes values readable that only a schema explains. Used inside of worker threads, one per thread. */
export interface RecordDecoder {
  /**
   * What key and value of a record say, without one of them where it is nothing that the decoder knows; undefined, and no
   * promise, where it knows at once that neither is. The bytes are valid until the promise is settled.
   */
  decode(
    key: Uint8Array | null,
    value: Uint8Array | null,
  ): Promise<DecodedRecord | undefined> | undefined;
}

/** A decoder that asks a schema registry. */
export function registryDecoder(settings: SchemaRegistrySettings): RecordDecoder {
  const registry = connectSchemaRegistry(settings);
  const decodePart = async (bytes: Uint8Array | null) =>
    isSerialized(bytes) ? registry.decode(bytes) : undefined;
  return {
    decode(key, value) {
      // Most topics have no serialized keys: a promise per record is saved.
      if (!isSerialized(key) && !isSerialized(value)) return undefined;
      return Promise.all([decodePart(key), decodePart(value)]).then(([first, second]) => ({
        ...(first === undefined ? {} : { key: first }),
        ...(second === undefined ? {} : { value: second }),
      }));
    },
  };
}

/** A zero and four bytes of a schema's id begin what a registry's serializers wrote. */
function isSerialized(bytes: Uint8Array | null): bytes is Uint8Array {
  return bytes !== null && bytes.byteLength >= 5 && bytes[0] === 0;
}
