import { createMemoryStore } from '@kops/object-store/memory';
import { createRepository, openArchive, type Archive } from '../src/index.ts';
import type { SegmentEntry } from '@kops/archive-format';
import { describe, expect, it } from 'vitest';
import { batchOf, collect, commitSegments, markerOf, offsets, putSegment } from './fixture.ts';

const at = { topic: 'orders', partition: 0 };

async function archiveOf(
  segments: readonly (readonly Uint8Array[])[],
  options: {
    slices?: { start?: bigint; end?: bigint }[];
    shown?: { logStart: bigint; cut: bigint };
  } = {},
): Promise<Archive> {
  const repository = await createRepository(createMemoryStore());
  const entries: SegmentEntry[] = [];
  for (const [index, batches] of segments.entries()) {
    const slice = options.slices?.[index];
    entries.push(await putSegment(repository.store, batches, slice === undefined ? {} : { slice }));
  }
  return openArchive(
    repository,
    await commitSegments(
      repository,
      entries,
      options.shown === undefined ? {} : { shown: options.shown },
    ),
  );
}

const readOffsets = (
  archive: Archive,
  options: Parameters<Archive['readRecords']>[0] = at,
): Promise<number[]> => collect(archive.readRecords(options), ({ offset }) => Number(offset));

describe('reading an archive', () => {
  it('yields every record of every segment, byte for byte', async () => {
    const archive = await archiveOf([
      [batchOf([0, 1, 2]), batchOf([3, 4], { codec: 'zstd' })],
      [batchOf([5, 9])],
    ]);
    expect(await readOffsets(archive)).toEqual([0, 1, 2, 3, 4, 5, 9]);
    const values = await collect(archive.readRecords(at), ({ value }) =>
      Buffer.from(value ?? []).toString(),
    );
    expect(values[4]).toBe('v4'.padEnd(20, '.'));
  });

  it('says where each batch lies', async () => {
    const first = batchOf([0, 1]);
    const archive = await archiveOf([[first, batchOf([2])]]);
    const located = await collect(archive.readBatches(at), ({ batch, position, segment }) => [
      batch.baseOffset,
      position,
      segment.baseOffset,
    ]);
    expect(located).toEqual([
      [0n, 0, 0n],
      [2n, first.byteLength, 0n],
    ]);
  });

  it('cuts to log start, cut, slices and range, to the record', async () => {
    const archive = await archiveOf(
      [[batchOf(offsets(0, 5)), batchOf(offsets(5, 5))], [batchOf(offsets(8, 6))]],
      {
        slices: [{ end: 8n }, {}],
        shown: { logStart: 2n, cut: 13n },
      },
    );
    expect(await readOffsets(archive)).toEqual(offsets(2, 11));
    expect(await readOffsets(archive, { ...at, from: 6n, to: 10n })).toEqual([6, 7, 8, 9]);
    expect(await readOffsets(archive, { ...at, from: 0n, to: 99n })).toEqual(offsets(2, 11));
    expect(await readOffsets(archive, { ...at, from: 13n })).toEqual([]);
  });

  it('reads batches of any size across pieces', async () => {
    const batches = [10, 3_000_000, 70, 1_100_000, 400_000, 900_000, 61].map((valueBytes, index) =>
      batchOf([index], { valueBytes }),
    );
    const archive = await archiveOf([batches]);
    const seen = await collect(archive.readBatches(at), ({ batch }) => Buffer.from(batch.bytes));
    expect(seen.map((bytes, index) => bytes.equals(batches[index] ?? new Uint8Array()))).toEqual(
      batches.map(() => true),
    );
  });

  it('seeks by the sparse index', async () => {
    const batches = offsets(0, 64).map((offset) => batchOf([offset], { valueBytes: 200_000 }));
    const archive = await archiveOf([batches]);
    let bytes = 0;
    const { store } = archive.repository;
    const read = store.read.bind(store);
    store.read = (key, options) => countBytes(read(key, options), (size) => (bytes += size));
    expect(
      await readOffsets(archive, { ...at, from: 40n, to: 42n, isolation: 'read_uncommitted' }),
    ).toEqual([40, 41]);
    expect(bytes).toBeLessThan(4_000_000);
    expect(bytes).toBeGreaterThan(400_000);
  });
});

async function* countBytes(
  pieces: AsyncIterable<Uint8Array>,
  add: (size: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    add(piece.byteLength);
    yield piece;
  }
}

describe('transactions', () => {
  const data = (list: number[], producerId: bigint): Uint8Array =>
    batchOf(list, { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true });

  it('hides aborted and unfinished ones from read_committed only, and markers from both', async () => {
    const archive = await archiveOf([
      [data([0, 1], 7n), batchOf([2]), data([3], 8n)],
      [
        markerOf(4, 7n, 'abort'),
        data([5], 7n),
        markerOf(6, 8n, 'commit'),
        markerOf(7, 7n, 'commit'),
        data([8, 9], 9n),
      ],
    ]);
    expect(await readOffsets(archive)).toEqual([2, 3, 5]);
    expect(await readOffsets(archive, { ...at, isolation: 'read_uncommitted' })).toEqual([
      0, 1, 2, 3, 5, 8, 9,
    ]);
    const transactions = await archive.scanTransactions(at);
    expect(transactions.abortedCount).toBe(1);
    expect(transactions.open).toEqual([{ producerId: 9n, producerEpoch: 0, firstOffset: 8n }]);
    expect([0n, 1n, 4n, 5n].map((offset) => transactions.isAborted(7n, offset))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('looks for markers beyond the range that is read, but not beyond the cut', async () => {
    const segments = [
      [data([0, 1], 7n), markerOf(2, 7n, 'abort'), data([3], 7n), markerOf(4, 7n, 'commit')],
    ];
    expect(await readOffsets(await archiveOf(segments), { ...at, to: 2n })).toEqual([]);
    expect(await readOffsets(await archiveOf(segments), { ...at, from: 3n, to: 4n })).toEqual([3]);
    expect(
      await readOffsets(await archiveOf(segments, { shown: { logStart: 0n, cut: 4n } })),
    ).toEqual([]);
  });

  it('ignores markers without data', async () => {
    const archive = await archiveOf([
      [markerOf(0, 5n, 'abort'), batchOf([1]), markerOf(2, 5n, 'commit')],
    ]);
    expect(await readOffsets(archive)).toEqual([1]);
    expect((await archive.scanTransactions(at)).abortedCount).toBe(0);
  });
});

describe('runs', () => {
  const segments = [
    offsets(0, 40).map((offset) => batchOf([offset], { valueBytes: 100_000 })),
    [batchOf([40])],
  ];

  it('hold the same batches and records', async () => {
    const archive = await archiveOf(segments);
    const runs = await collect(archive.readRuns(at), (run) =>
      [...run].map(({ batch }) => Number(batch.baseOffset)),
    );
    expect(runs.flat()).toEqual(offsets(0, 41));
    expect(runs.length).toBeGreaterThan(4);
    const records = await collect(archive.readRecordRuns(at), (run) =>
      [...run].map(({ offset }) => Number(offset)),
    );
    expect(records.flat()).toEqual(offsets(0, 41));
  });

  it('that are left early are a mistake of the caller, no damage', async () => {
    const archive = await archiveOf(segments);
    const leaveEarly = collect(archive.readRuns(at), (run) => run[Symbol.iterator]().next());
    await expect(leaveEarly).rejects.toThrow(expect.objectContaining({ code: 'KOPS_USAGE' }));
  });

  it('are closed when the reader stops or fails', async () => {
    const archive = await archiveOf(segments);
    const { store } = archive.repository;
    const read = store.read.bind(store);
    let open = 0;
    store.read = async function* (key, options) {
      open++;
      try {
        yield* read(key, options);
      } finally {
        open--;
      }
    };
    for await (const { batch } of archive.readBatches(at)) if (batch.baseOffset === 20n) break;
    const failing = async (): Promise<void> => {
      for await (const { offset } of archive.readRecords(at))
        if (offset === 20n) throw new Error('stop');
    };
    await expect(failing()).rejects.toThrow('stop');
    const signal = AbortSignal.abort();
    await expect(collect(archive.readBatches({ ...at, signal }), () => 0)).rejects.toThrow(
      expect.objectContaining({ code: 'KOPS_INTERRUPTED' }),
    );
    expect(open).toBe(0);
  });
});
