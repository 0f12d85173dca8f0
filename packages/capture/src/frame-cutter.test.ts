import { RecordBatchView } from '@kops/record-batch';
import { maxFrameBytes } from '@kops/transport';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../test/batches.ts';
import { cutRange } from './frame-cutter.ts';

const joined = (frames: readonly { bytes: Uint8Array }[]): Buffer =>
  Buffer.concat(frames.map(({ bytes }) => bytes));

describe('cutRange', () => {
  it('puts whole batches into frames, as many as fit', () => {
    const batches = Array.from({ length: 40 }, (_, at) =>
      batchOf(at * 2, 2, { valueBytes: 10_000 }),
    );
    const range = Buffer.concat(batches);
    const cut = cutRange(range, 0n, -1n);
    expect(joined(cut.frames).equals(range)).toBe(true);
    expect(cut.frames.length).toBe(
      Math.ceil(batches.length / Math.floor(maxFrameBytes / batches[0]!.length)),
    );
    for (const { bytes, next } of cut.frames) {
      expect(bytes.length).toBeLessThanOrEqual(maxFrameBytes);
      // Views: nothing is copied.
      expect(bytes.buffer).toBe(range.buffer);
      expect(next).toBeDefined();
    }
    expect(cut).toMatchObject({ next: 80n, firstEpoch: 1, lastEpoch: 1, passedEnd: false });
  });

  it('gives a batch that fits a frame exactly one of its own, and cuts one that is a byte larger', () => {
    const overhead = batchOf(0, 1, { valueBytes: 100_000 }).length - 100_000;
    const exact = batchOf(5, 1, { valueBytes: maxFrameBytes - overhead });
    expect(exact.length).toBe(maxFrameBytes);
    expect(
      cutRange(Buffer.concat([batchOf(0, 5), exact, batchOf(6)]), 0n, -1n).frames.map(
        ({ next }) => next,
      ),
    ).toEqual([5n, 6n, 7n]);
    const larger = batchOf(5, 1, { valueBytes: maxFrameBytes - overhead + 1 });
    expect(cutRange(larger, 0n, -1n).frames.map(({ bytes, next }) => [bytes.length, next])).toEqual(
      [
        [maxFrameBytes, undefined],
        [1, 6n],
      ],
    );
  });

  it('cuts a batch of many frames and tells where it ends', () => {
    const huge = batchOf(3, 1, { valueBytes: 20_000_000 });
    const cut = cutRange(Buffer.concat([batchOf(0, 3), huge, batchOf(4)]), 0n, -1n);
    const ends = cut.frames.map(({ next }) => next);
    expect(ends[0]).toBe(3n);
    expect(ends.slice(1, -2).every((next) => next === undefined)).toBe(true);
    expect(ends.slice(-2)).toEqual([4n, 5n]);
  });

  it('leaves out what lies below the position and at or after the end; keeps batches across them whole', () => {
    const [low, first, second, last, beyond] = [
      batchOf(0, 4),
      batchOf(4, 4),
      batchOf(8, 4),
      batchOf(12, 4),
      batchOf(16, 4),
    ];
    const range = Buffer.concat([low, first, second, last, beyond]);
    const cut = cutRange(range, 5n, 14n);
    expect(joined(cut.frames).equals(Buffer.concat([first, second, last]))).toBe(true);
    expect(cut).toMatchObject({ next: 16n, passedEnd: true });
    expect(cutRange(range, 5n, 16n).passedEnd).toBe(true);
    expect(cutRange(range, 5n, 20n).passedEnd).toBe(false);
    expect(cutRange(range, 5n, 5n)).toMatchObject({ next: 8n, passedEnd: true });
    expect(cutRange(range, 20n, -1n)).toMatchObject({
      frames: [],
      next: 20n,
      firstEpoch: -1,
      lastEpoch: -1,
      passedEnd: false,
    });
  });

  it('leaves out a batch that the answer cuts off', () => {
    const [whole, cutOff] = [batchOf(0, 4), batchOf(4, 4)];
    const cut = cutRange(Buffer.concat([whole, cutOff.subarray(0, cutOff.length - 1)]), 0n, -1n);
    expect(joined(cut.frames).equals(whole)).toBe(true);
    expect(cut.next).toBe(4n);
  });

  it('tells the epochs of what it keeps', () => {
    const range = Buffer.concat([
      batchOf(0, 1, { epoch: 1 }),
      batchOf(1, 1, { epoch: 2 }),
      batchOf(2, 1, { epoch: 5 }),
    ]);
    expect(cutRange(range, 1n, -1n)).toMatchObject({ firstEpoch: 2, lastEpoch: 5 });
  });

  it('keeps exactly the batches of the range, in order, in frames of bounded size', () => {
    const spec = fc.record({
      gap: fc.nat(3),
      count: fc.integer({ min: 1, max: 4 }),
      valueBytes: fc.oneof(fc.nat(200), fc.integer({ min: 60_000, max: 400_000 })),
    });
    fc.assert(
      fc.property(
        fc.array(spec, { maxLength: 12 }),
        fc.nat(40),
        fc.integer({ min: -1, max: 60 }),
        (specs, from, end) => {
          let at = 0;
          const batches = specs.map(({ gap, count, valueBytes }) => {
            const batch = batchOf(at + gap, count, { valueBytes });
            at += gap + count;
            return batch;
          });
          const kept = batches.filter((bytes) => {
            const { baseOffset, nextOffset } = new RecordBatchView(bytes);
            return nextOffset > BigInt(from) && (end < 0 || baseOffset < BigInt(end));
          });
          const cut = cutRange(Buffer.concat(batches), BigInt(from), BigInt(end));
          expect(joined(cut.frames).equals(Buffer.concat(kept))).toBe(true);
          expect(
            cut.frames.every(({ bytes }) => bytes.length > 0 && bytes.length <= maxFrameBytes),
          ).toBe(true);
          const last = kept.at(-1);
          expect(cut.next).toBe(
            last === undefined ? BigInt(from) : new RecordBatchView(last).nextOffset,
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
