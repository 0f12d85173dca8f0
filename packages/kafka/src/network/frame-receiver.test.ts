import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BufferPool } from './buffer-pool.ts';
import { FrameReceiver, type Frame } from './frame-receiver.ts';

/** Feeds a stream as a socket would: at most `sizes` bytes at a time into the buffer that the receiver names. */
function feed(receiver: FrameReceiver, stream: Buffer, sizes: readonly number[]): void {
  let at = 0;
  for (let turn = 0; at < stream.length; turn++) {
    const wanted = sizes[turn % sizes.length] ?? 1;
    const count = stream.copy(receiver.nextBuffer(), 0, at, Math.min(at + wanted, stream.length));
    receiver.received(count);
    at += count;
  }
}

const framed = (bodies: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    bodies.flatMap((body) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(body.length);
      return [length, body];
    }),
  );

describe('FrameReceiver', () => {
  it('gives the same answers however the network cuts the stream', () => {
    const body = fc.uint8Array({ minLength: 4, maxLength: 40_000, size: 'max' });
    const sizes = fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 6 }), sizes, (bodies, cuts) => {
        const frames: Buffer[] = [];
        const receiver = new FrameReceiver(new BufferPool(1 << 20), ({ bytes }) =>
          frames.push(bytes),
        );
        feed(receiver, framed(bodies), cuts);
        expect(frames.length).toBe(bodies.length);
        frames.forEach((frame, index) => {
          expect(frame.equals(bodies[index]!)).toBe(true);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('has the socket write into the answer itself', () => {
    const frames: Frame[] = [];
    const receiver = new FrameReceiver(new BufferPool(1 << 20), (frame) => frames.push(frame));
    const stream = framed([Buffer.alloc(200_000, 7)]);
    receiver.received(stream.copy(receiver.nextBuffer(), 0, 0, 100));
    const target = receiver.nextBuffer();
    expect(target.length).toBe(200_000 - 96);
    receiver.received(stream.copy(target, 0, 100));
    expect(frames[0]!.bytes.buffer).toBe(target.buffer);
  });

  it.each([
    ['TLS alert', '15030300020250'],
    ['HTTP', Buffer.from('HTTP/1.1 400').toString('hex')],
    ['negative length', 'ffffffff00000000'],
  ])('refuses what is not Kafka: %s', (_name, hex) => {
    const receiver = new FrameReceiver(new BufferPool(0), () => undefined);
    expect(() => {
      feed(receiver, Buffer.from(hex, 'hex'), [100]);
    }).toThrow(expect.objectContaining({ code: 'KOPS_KAFKA_PROTOCOL' }) as Error);
  });
});

describe('BufferPool', () => {
  it('hands large buffers out again, and never the same one twice', () => {
    const pool = new BufferPool(1 << 20);
    const first = pool.take(200_000);
    pool.give(first);
    expect(pool.bytes).toBe(first.length);
    expect(pool.take(199_000)).toBe(first);
    expect(pool.take(199_000)).not.toBe(first);
    expect(pool.bytes).toBe(0);
  });

  it('keeps within its bound, and nothing small or far too large', () => {
    const pool = new BufferPool(300_000);
    pool.give(pool.take(1_000));
    expect(pool.bytes).toBe(0);
    const buffers = Array.from({ length: 5 }, () => pool.take(130_000));
    for (const buffer of buffers) pool.give(buffer);
    expect(pool.bytes).toBeLessThanOrEqual(300_000);
    expect(pool.bytes).toBeGreaterThan(0);
    // Half empty at most: a pool of large buffers must not be spent on small answers.
    const before = pool.bytes;
    expect(pool.take(65_535).length).toBe(65_535);
    expect(pool.bytes).toBe(before);
    expect(pool.take(65_536).length).toBe(131_072);
  });
});
