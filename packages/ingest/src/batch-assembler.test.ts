import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesFrom, batchOf } from '../test/batches.ts';
import { BatchAssembler } from './batch-assembler.ts';

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [...new Set([0, ...places.map((at) => at % (bytes.length + 1)), bytes.length])];
  edges.sort((a, b) => a - b);
  return edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge));
}

describe('BatchAssembler', () => {
  it('gives the same batches however the stream is cut', () => {
    const batches = [...batchesFrom(0, 6, 3), batchOf({ from: 18, valueBytes: 3000 })];
    const stream = Buffer.concat(batches);
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { maxLength: 40 }), (places) => {
        const assembler = new BatchAssembler();
        const runs: Uint8Array[] = [];
        for (const frame of cut(stream, places)) {
          const copy = Buffer.from(frame);
          const found = assembler.push(copy);
          runs.push(...found.map((run) => new Uint8Array(run)));
          // Frames are memory that is used again.
          copy.fill(0xee);
        }
        expect(Buffer.concat(runs).equals(stream)).toBe(true);
        expect(assembler.atBoundary).toBe(true);
        expect(assembler.pendingBytes).toBe(0);
      }),
    );
  });

  it('knows the size of the batch that is under way', () => {
    const [batch = new Uint8Array()] = batchesFrom(0, 1);
    const assembler = new BatchAssembler();
    expect(assembler.push(batch.subarray(0, 20))).toEqual([]);
    expect(assembler.atBoundary).toBe(false);
    expect(assembler.pendingBytes).toBe(batch.length);
    expect(assembler.push(batch.subarray(20))).toEqual([batch]);
    expect(assembler.atBoundary).toBe(true);
  });

  it.each([-1, 0, 48, 2 ** 31 - 1])('refuses a batch that claims %i bytes', (length) => {
    const [batch = new Uint8Array()] = batchesFrom(0, 1);
    new DataView(batch.buffer, batch.byteOffset).setInt32(8, length);
    expect(() => new BatchAssembler().push(batch)).toThrow(
      expect.objectContaining({ code: 'KOPS_BATCH_CORRUPT' }) as Error,
    );
  });
});
