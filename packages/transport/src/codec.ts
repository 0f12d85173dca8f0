import { toKopsError, type KopsError } from '@kops/core';

/** How a domain value goes over the wire and comes back. */
export interface Codec<T> {
  readonly serialize: (value: T) => Buffer;
  /** Never throws: a message that cannot be read is its value, and the call that carried it fails with it. */
  readonly deserialize: (bytes: Buffer) => T | UnreadableMessage;
}

/** In the place of a message that could not be read, so that its error keeps its code where grpc-js would replace it. */
export class UnreadableMessage {
  readonly error: KopsError;

  constructor(error: KopsError) {
    this.error = error;
  }
}

/** The value, or its error thrown. */
export function readable<T>(value: T | UnreadableMessage): T {
  if (value instanceof UnreadableMessage) throw value.error;
  return value;
}

interface WireType<Wire> {
  encode(message: Wire): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Wire;
}

/** A codec of a generated message and the two mapping functions of its domain type. */
export function codec<T, Wire>(
  type: WireType<Wire>,
  toWire: (value: T) => Wire,
  fromWire: (wire: Wire) => T,
): Codec<T> {
  return {
    serialize: (value) => asBuffer(type.encode(toWire(value)).finish()),
    deserialize: (bytes) => {
      try {
        return fromWire(type.decode(bytes));
      } catch (error) {
        return new UnreadableMessage(toKopsError(error));
      }
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
