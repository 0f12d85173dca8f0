import { Frame as WireFrame } from '@kops/proto/capture';
import { KopsError } from '@kops/core';
import { fromWireFrame, toWireFrame } from './capture-mapping.ts';
import { codec, type Codec } from './codec.ts';
import type { Frame } from './port.ts';

/** Most bytes of data in one frame. */
export const maxFrameBytes = 256 * 1024;

/** Field 2 of Frame (`data`), wire type 2 (length-delimited). */
const dataTag = 0x12;

/**
 * The serialised form of a data frame, not yet put together: tag, length and the caller's bytes.
 *
 * grpc-js allocates the outgoing buffer itself, with 5 bytes of its own in front, and asks the serialised message for two things:
 * its `length` and to `copy` itself there. So this is all of a Buffer that it needs, and the data is copied once, into the outgoing
 * buffer, where an encoded message would have been copied twice more.
 */
class PendingDataFrame {
  readonly length: number;
  readonly byteLength: number;
  readonly #head: Uint8Array;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#head = dataHead(bytes.length);
    this.#bytes = bytes;
    this.length = this.#head.length + bytes.length;
    this.byteLength = this.length;
  }

  copy(target: Uint8Array, start: number): number {
    target.set(this.#head, start);
    target.set(this.#bytes, start + this.#head.length);
    return this.length;
  }
}

function dataHead(length: number): Uint8Array {
  const head = [dataTag];
  let rest = length;
  while (rest > 0x7f) {
    head.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  head.push(rest);
  return Uint8Array.from(head);
}

/** Where the bytes of a message start that is one data field and nothing else; 0 for every other message. */
function dataStart(message: Uint8Array): number {
  if (message[0] !== dataTag) return 0;
  let length = 0;
  for (let at = 1; at < 5 && at < message.length; at += 1) {
    const byte = message[at] ?? 0;
    length |= (byte & 0x7f) << (7 * (at - 1));
    if (byte <= 0x7f) return at + 1 + length === message.length ? at + 1 : 0;
  }
  return 0;
}

const general = codec(WireFrame, toWireFrame, fromWireFrame);

/** The codec of PartitionStream frames: a data frame is one copy out and a view of the received message in. */
export const frameCodec: Codec<Frame> = {
  serialize: (frame) =>
    frame.type === 'data'
      ? (new PendingDataFrame(frame.bytes) as unknown as Buffer)
      : general.serialize(frame),
  deserialize: (message) => {
    const start = dataStart(message);
    return start === 0
      ? general.deserialize(message)
      : { type: 'data', bytes: message.subarray(start) };
  },
};

/** @throws KOPS_UNEXPECTED for a data frame above {@link maxFrameBytes}: whoever made it must split it */
export function checkFrame(frame: Frame): void {
  if (frame.type !== 'data' || frame.bytes.length <= maxFrameBytes) return;
  throw new KopsError(
    'KOPS_UNEXPECTED',
    `a data frame has ${String(frame.bytes.length)} bytes; the limit is ${String(maxFrameBytes)}`,
  );
}
