import type { SegmentEntry } from '@kops/archive-format';
import { describe, expect, it } from 'vitest';
import { bytesOf, planPartition, recordsOf } from './plan-partition.ts';

/** A segment of ten offsets per 1000 bytes, each of these indexed. */
function entryOf(key: string, base: number, end: number, fields: Partial<SegmentEntry> = {}) {
  const index = Array.from(
    { length: Math.ceil((end - base) / 10) },
    (_, at): [bigint, bigint, number] => [BigInt(base + at * 10), 0n, at * 1000],
  );
  return {
    key,
    slice: { start: BigInt(base), end: BigInt(end) },
    baseOffset: BigInt(base),
    lastOffset: BigInt(end - 1),
    records: end - base,
    transactional: false,
    plaintextBytes: (end - base) * 100,
    index,
    ...fields,
  } as SegmentEntry;
}

const plan = (
  segments: readonly SegmentEntry[],
  covered: Record<string, [number, number][]> = {},
  pieceBytes = 1_000_000,
) => {
  const { pieces, transactionsFrom } = planPartition(
    segments,
    (key) => (covered[key] ?? []).map(([from, to]) => ({ from: BigInt(from), to: BigInt(to) })),
    pieceBytes,
  );
  return {
    pieces: pieces.map(({ key, slice }) => [key, Number(slice.start), Number(slice.end)]),
    transactionsFrom,
  };
};

describe('what is to be indexed of a partition', () => {
  it('is what no position covers', () => {
    const segments = [entryOf('a', 0, 100), entryOf('b', 100, 200)];
    expect(plan(segments).pieces).toEqual([
      ['a', 0, 100],
      ['b', 100, 200],
    ]);
    expect(plan(segments, { a: [[0, 100]], b: [[120, 150]] }).pieces).toEqual([
      ['b', 100, 120],
      ['b', 150, 200],
    ]);
    expect(plan(segments, { a: [[0, 100]], b: [[100, 200]] }).pieces).toEqual([]);
  });

  it('comes in pieces that begin with indexed batches, each with the index that it needs', () => {
    const segment = entryOf('a', 0, 100);
    expect(plan([segment], {}, 3000).pieces).toEqual([
      ['a', 0, 30],
      ['a', 30, 60],
      ['a', 60, 90],
      ['a', 90, 100],
    ]);
    const { pieces } = planPartition([segment], () => [{ from: 0n, to: 45n }], 3000);
    expect(pieces.map(({ slice, index }) => [slice.start, slice.end, index.length])).toEqual([
      [45n, 70n, 4],
      [70n, 100n, 3],
    ]);
    expect(pieces.map(bytesOf)).toEqual([3000, 3000]);
  });

  it('needs to know of transactions only where some may begin', () => {
    const plain = entryOf('a', 0, 100);
    const transactional = entryOf('b', 100, 200, { transactional: true });
    const later = entryOf('c', 200, 300);
    expect(plan([plain, transactional]).transactionsFrom).toBe(0n);
    expect(plan([plain, transactional], { a: [[0, 100]] }).transactionsFrom).toBe(100n);
    expect(
      plan([plain, transactional, later], { a: [[0, 100]], b: [[100, 200]] }).transactionsFrom,
    ).toBeUndefined();
    expect(plan([plain]).transactionsFrom).toBeUndefined();
  });

  it('is counted by the share of offsets', () => {
    const segment = entryOf('a', 0, 100, { records: 50 });
    expect(recordsOf(segment)).toBe(50);
    expect(recordsOf({ ...segment, slice: { start: 0n, end: 20n } })).toBe(10);
  });
});
