import { Frame as WireFrame } from '@kops/proto/capture';
import { describe, expect, it } from 'vitest';
import { checkFrame, frameCodec, maxFrameBytes } from './frame-codec.ts';

function putTogether(bytes: Uint8Array): Buffer {
  const pending = frameCodec.serialize({ type: 'data', bytes });
  const message = Buffer.alloc(pending.length);
  pending.copy(message, 0);
  return message;
}

const sizes = [0, 1, 127, 128, 16_383, 16_384, maxFrameBytes];

describe('a data frame', () => {
  it.each(sizes)('of %i bytes is on the wire what the generated code would write', (size) => {
    const bytes = new Uint8Array(size).map((_, index) => index % 251);
    const generated = WireFrame.encode({ frame: { $case: 'data', value: bytes } }).finish();
    expect(putTogether(bytes).equals(generated)).toBe(true);
  });

  it.each(sizes)('of %i bytes is received as a view of the message', (size) => {
    const message = putTogether(new Uint8Array(size).fill(7));
    const frame = frameCodec.deserialize(message);
    if (!('type' in frame) || frame.type !== 'data') throw new Error('not a data frame');
    expect(frame.bytes).toHaveLength(size);
    expect(frame.bytes.every((byte) => byte === 7)).toBe(true);
    expect(frame.bytes.buffer).toBe(message.buffer);
  });

  it('that is not all of its message is left to the generated code', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    // Field 100 of a later version behind the data.
    const message = Buffer.concat([putTogether(bytes), Buffer.from([0xa0, 0x06, 1])]);
    const frame = frameCodec.deserialize(message);
    expect(frame).toMatchObject({ type: 'data' });
    expect('bytes' in frame && Buffer.from(frame.bytes).equals(bytes)).toBe(true);
  });

  it('that is cut short is unreadable', () => {
    const message = putTogether(new Uint8Array(300));
    expect(frameCodec.deserialize(message.subarray(0, 200))).toHaveProperty('error');
  });

  it('of more than 256 KiB is refused before it is sent', () => {
    expect(() => {
      checkFrame({ type: 'data', bytes: new Uint8Array(maxFrameBytes + 1) });
    }).toThrow(/the limit is 262144/);
    expect(() => {
      checkFrame({ type: 'data', bytes: new Uint8Array(maxFrameBytes) });
    }).not.toThrow();
  });
});
