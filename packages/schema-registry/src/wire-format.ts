/** Bytes that a serializer of a schema registry wrote. */
export interface WireValue {
  readonly schemaId: number;
  /** What follows the schema's id; not copied. */
  readonly payload: Buffer;
}

const headerBytes = 5;

/*
 * value => 0: INT8, schema id: INT32, payload
 * Protobuf's payload begins with the message's place in its schema: see message-path.ts.
 * Source: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */

/** Splits what begins like the wire format of Confluent's serializers; undefined for everything else. */
export function parseWireFormat(bytes: Uint8Array): WireValue | undefined {
  if (bytes.byteLength < headerBytes || bytes[0] !== 0) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { schemaId: buffer.readInt32BE(1), payload: buffer.subarray(headerBytes) };
}
