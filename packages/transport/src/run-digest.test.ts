import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunDigest } from './run-digest.ts';

/** Something with the header of a batch of that size. */
function batchOf(size: number, seed: number): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + seed) & 0xff);
  new DataView(bytes.buffer).setInt32(8, size - 12);
  return bytes;
}

const batchLists = fc.array(
  fc
    .tuple(fc.integer({ min: 61, max: 400 }), fc.nat(255))
    .map(([size, seed]) => batchOf(size, seed)),
  { maxLength: 150 },
);

function digestOf(pieces: readonly Uint8Array[]): string {
  const digest = new RunDigest();
  for (const piece of pieces) digest.add(piece);
  return digest.digest().toString('hex');
}

describe('RunDigest', () => {
  it('is the SHA-256 of all headers, however the batches come', () => {
    fc.assert(
      fc.property(batchLists, fc.nat(150), (batches, cut) => {
        const expected = createHash('sha256');
        for (const batch of batches) expected.update(batch.subarray(0, 61));
        const pieces = [Buffer.concat(batches.slice(0, cut)), Buffer.concat(batches.slice(cut))];
        expect(digestOf(pieces)).toBe(expected.digest('hex'));
        expect(digestOf(pieces)).toBe(digestOf(batches));
      }),
    );
  });

  it('counts a batch that is cut off behind its header', () => {
    const batch = batchOf(300, 1);
    expect(digestOf([batch.subarray(0, 100)])).toBe(digestOf([batch]));
    expect(digestOf([batch.subarray(0, 60)])).toBe(digestOf([]));
  });

  it('tells apart what differs in one bit of a header, or in order, or in number', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(7), (at, bit) => {
        const batches = [batchOf(100, 1), batchOf(200, 2)];
        const changed = Buffer.concat(batches);
        changed[100 + at] = (changed[100 + at] ?? 0) ^ (1 << bit);
        expect(digestOf([changed])).not.toBe(digestOf(batches));
        expect(digestOf([...batches].reverse())).not.toBe(digestOf(batches));
        expect(digestOf([...batches, batchOf(61, 3)])).not.toBe(digestOf(batches));
      }),
    );
  });

  it('goes on after a digest, and anew after a reset', () => {
    const digest = new RunDigest();
    digest.add(batchOf(100, 1));
    expect(digest.digest().toString('hex')).toBe(digestOf([batchOf(100, 1)]));
    digest.add(batchOf(100, 2));
    expect(digest.digest().toString('hex')).toBe(digestOf([batchOf(100, 1), batchOf(100, 2)]));
    digest.reset();
    expect(digest.digest().toString('hex')).toBe(digestOf([]));
  });
});
