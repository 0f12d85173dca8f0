import type { SegmentEntry } from '@kops/archive-format';
import { createMemoryStore } from '@kops/object-store/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRepository, openArchive, type Archive } from '../src/index.ts';
import { recordWindows } from '../src/record-windows.ts';
import { batchOf, collect, commitSegments, markerOf, offsets, putSegment } from './fixture.ts';

const at = { topic: 'orders', partition: 0 };
const mebibyte = 1024 * 1024;

async function archiveOf(segments: readonly (readonly Uint8Array[])[]): Promise<Archive> {
  const repository = await createRepository(createMemoryStore());
  const entries: SegmentEntry[] = [];
  for (const batches of segments) entries.push(await putSegment(repository.store, batches));
  return openArchive(repository, await commitSegments(repository, entries));
}

const dataOf = (offset: number, producerId: bigint, valueBytes = 20): Uint8Array =>
  batchOf([offset], {
    producerId,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional: true,
    valueBytes,
  });

/** Bytes of segments that were read since the last call. */
function countReads(archive: Archive): () => number {
  const { store } = archive.repository;
  const read = store.read.bind(store);
  let bytes = 0;
  store.read = async function* (key, options) {
    for await (const piece of read(key, options)) {
      bytes += key.startsWith('segments/') ? piece.byteLength : 0;
      yield piece;
    }
  };
  return () => {
    const counted = bytes;
    bytes = 0;
    return counted;
  };
}

/** Even offsets are records of 200 kB, each in a transaction of its own that the next offset ends: every fourth is aborted. */
function transactionalSegment(first: number, count: number): Uint8Array[] {
  return offsets(0, count).flatMap((index) => {
    const offset = first + 2 * index;
    const end = offset % 8 === 6 ? 'abort' : 'commit';
    return [dataOf(offset, 7n, 200_000), markerOf(offset + 1, 7n, end)];
  });
}

/** As `kops cat --from-offset N --count 1`. */
async function readOne(archive: Archive, from: bigint): Promise<bigint | undefined> {
  for await (const run of archive.readRecordRuns({ ...at, from })) {
    for (const { offset } of run) return offset;
  }
  return undefined;
}

describe('reading one record of a transactional partition', () => {
  const perSegment = 64;
  const segments = offsets(0, 3).map((n) => transactionalSegment(2 * perSegment * n, perSegment));
  const total = segments.flat().reduce((sum, { byteLength }) => sum + byteLength, 0);

  it.each([
    ['at the log start', 0n, 0n],
    ['in the middle of a segment', 200n, 200n],
    ['after an aborted one', 198n, 200n],
    ['in the last batches', 380n, 380n],
  ])('reads little: %s', async (_, from, found) => {
    const archive = await archiveOf(segments);
    const readBytes = countReads(archive);
    expect(await readOne(archive, from)).toBe(found);
    const bytes = readBytes();
    expect(bytes).toBeGreaterThan(200_000);
    expect(bytes).toBeLessThan(total / 5);
    // The counter sees what a scan reads, which is everything.
    await archive.scanTransactions(at);
    expect(readBytes()).toBe(total);
    expect(total).toBeGreaterThan(36 * mebibyte);
  });

  it('looks as far ahead as the transaction goes, and reads nothing a third time', async () => {
    const archive = await archiveOf([
      [dataOf(0, 1n), ...transactionalSegment(2, perSegment)],
      [...transactionalSegment(200, perSegment), markerOf(400, 1n, 'commit')],
    ]);
    const { segments: shown } = await archive.segments(at);
    const all = shown.reduce((sum, { plaintextBytes }) => sum + plaintextBytes, 0);
    const readBytes = countReads(archive);
    expect(await readOne(archive, 0n)).toBe(0n);
    expect(readBytes()).toBeLessThan(all + 2 * mebibyte);
    const records = await collect(archive.readRecords(at), ({ offset }) => Number(offset));
    expect(records).toHaveLength(1 + (2 * perSegment * 3) / 4);
    expect(readBytes()).toBe(2 * all);
  });

  it('closes what it opened when it is left', async () => {
    const archive = await archiveOf(segments);
    const { store } = archive.repository;
    const read = store.read.bind(store);
    let open = 0;
    let opened = 0;
    store.read = async function* (key, options) {
      open++;
      opened++;
      try {
        yield* read(key, options);
      } finally {
        open--;
      }
    };
    await readOne(archive, 0n);
    expect(opened).toBe(2);
    expect(open).toBe(0);
  });
});

describe('windows', () => {
  it('divide segments without a gap, and grow', async () => {
    const archive = await archiveOf([
      transactionalSegment(0, 64),
      [batchOf(offsets(128, 10))],
      transactionalSegment(138, 64),
    ]);
    const { segments } = await archive.segments(at);
    const windows = [...recordWindows(segments)];
    expect(windows[0]?.from).toBe(0n);
    expect(windows.at(-1)?.to).toBe(266n);
    for (const [index, { to }] of windows.slice(0, -1).entries())
      expect(windows[index + 1]?.from).toBe(to);
    expect(windows.filter(({ isTransactional }) => !isTransactional)).toEqual([
      { from: 128n, to: 138n, isTransactional: false },
    ]);
    expect(windows.length).toBeGreaterThan(4);
    expect(windows.length).toBeLessThan(12);
    expect(Number(windows[0]?.to)).toBeLessThan(16);
  });
});

/** What a producer does next. */
interface Step {
  readonly producer: number;
  readonly does: 'send' | 'commit' | 'abort' | 'plain';
  readonly large: boolean;
  readonly newSegment: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  producer: fc.integer({ min: 1, max: 3 }),
  does: fc.constantFrom('send', 'send', 'commit', 'abort', 'plain'),
  large: fc.boolean(),
  newSegment: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

function batchOfStep({ producer, does, large }: Step, offset: number): Uint8Array {
  const valueBytes = large ? 400_000 : 20;
  if (does === 'plain') return batchOf([offset], { valueBytes });
  if (does === 'send') return dataOf(offset, BigInt(producer), valueBytes);
  return markerOf(offset, BigInt(producer), does);
}

/** Offsets of committed records, reckoned from the steps. */
function committed(steps: readonly Step[]): number[] {
  const endOf = (of: number, producer: number): string | undefined =>
    steps.find(
      ({ producer: other, does }, offset) =>
        offset > of && other === producer && (does === 'commit' || does === 'abort'),
    )?.does;
  return steps.flatMap(({ producer, does }, offset) =>
    does === 'plain' || (does === 'send' && endOf(offset, producer) === 'commit') ? [offset] : [],
  );
}

describe('any partition', () => {
  it('shows the same committed records from every offset to every other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.tuple(fc.nat(40), fc.nat(40)),
        async (steps, [a, b]) => {
          const segments: Uint8Array[][] = [[]];
          for (const [offset, one] of steps.entries()) {
            if (one.newSegment && segments.at(-1)?.length !== 0) segments.push([]);
            segments.at(-1)?.push(batchOfStep(one, offset));
          }
          const archive = await archiveOf(segments);
          const read = (range: { from?: bigint; to?: bigint }): Promise<number[]> =>
            collect(archive.readRecords({ ...at, ...range }), ({ offset }) => Number(offset));
          const all = committed(steps);
          expect(await read({})).toEqual(all);
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          expect(await read({ from: BigInt(from), to: BigInt(to) })).toEqual(
            all.filter((offset) => offset >= from && offset < to),
          );
          expect(await read({ from: BigInt(from) })).toEqual(
            all.filter((offset) => offset >= from),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
