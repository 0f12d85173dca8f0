import { createHash } from 'node:crypto';
import type { SegmentEntry } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { createMemoryStore } from '@kops/object-store/memory';
import { validateBatch, splitBatches } from '@kops/record-batch';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createRepository,
  openArchive,
  readSegmentBatches,
  readSegmentRuns,
  type Archive,
} from '../src/index.ts';
import { batchOf, collect, commitSegments, offsets, putSegment } from './fixture.ts';

const at = { topic: 'orders', partition: 0 };
const batches = [
  batchOf([0, 1, 2]),
  batchOf([3], { codec: 'lz4' }),
  batchOf(offsets(4, 6)),
  batchOf([12, 15]),
];
const whole = Buffer.concat(batches);

/** The segment with one byte set. */
function patched(position: number, value: number): Uint8Array {
  const bytes = Buffer.from(whole);
  bytes[position] = value;
  return bytes;
}

/** An archive of one segment, of which the store then holds these bytes instead. */
async function damagedArchive(
  bytes: Uint8Array,
): Promise<{ archive: Archive; segment: SegmentEntry }> {
  const repository = await createRepository(createMemoryStore());
  const segment = await putSegment(repository.store, batches);
  const ref = await commitSegments(repository, [segment]);
  await repository.store.delete(segment.key);
  await repository.store.putIfAbsent(segment.key, bytes);
  return { archive: await openArchive(repository, ref), segment };
}

/** One pass that checks all there is to check: what verify does. */
async function readWithHash(
  store: ObjectStore,
  segment: SegmentEntry,
  pieceBytes: number,
): Promise<string> {
  const hash = createHash('sha256');
  for await (const run of readSegmentRuns(store, segment, {
    pieceBytes,
    onPiece: (piece) => hash.update(piece),
  })) {
    for (const batch of splitBatches(run.bytes)) validateBatch(batch);
  }
  return hash.digest('hex');
}

const failure = async (work: Promise<unknown>): Promise<KopsError | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => error as KopsError,
  );

describe('damage of a stored segment', () => {
  it('of any byte is found by CRC and SHA-256 in one pass', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 400 }),
        async (position, flip, pieceBytes) => {
          const bytes = Buffer.from(whole);
          bytes[position] = (bytes[position] ?? 0) ^ flip;
          const { archive, segment } = await damagedArchive(bytes);
          const outcome = await readWithHash(archive.repository.store, segment, pieceBytes).catch(
            (error: unknown) => error,
          );
          if (typeof outcome === 'string') expect(outcome).not.toBe(segment.plaintextSha256);
          else expect(KopsError.is(outcome) && outcome.exitCode).toBe(20);
        },
      ),
      { numRuns: 300 },
    );
    const { archive, segment } = await damagedArchive(whole);
    expect(await readWithHash(archive.repository.store, segment, 37)).toBe(segment.plaintextSha256);
  });

  it('of any byte but those outside of the CRC is found by reading batches, with coordinates', async () => {
    for (let position = 0; position < whole.length; position++) {
      const bytes = Buffer.from(whole);
      bytes[position] = (bytes[position] ?? 0) ^ 0x10;
      const { archive, segment } = await damagedArchive(bytes);
      const error = await failure(collect(archive.readBatches(at), () => 0));
      if (error === undefined) {
        expect(isOutsideCrc(position)).toBe(true);
        continue;
      }
      expect(error.at).toMatchObject({
        archive: archive.ref.archive,
        topic: 'orders',
        partition: 0,
        segment: segment.key,
      });
      expect(['KOPS_BATCH_CORRUPT', 'KOPS_OBJECT_CORRUPT']).toContain(error.code);
    }
  });

  it('names the offset of a batch that fails its CRC', async () => {
    const bytes = Buffer.from(whole);
    bytes[whole.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const { archive } = await damagedArchive(bytes);
    expect(await failure(collect(archive.readBatches(at), () => 0))).toMatchObject({
      code: 'KOPS_BATCH_CORRUPT',
      at: { offset: 12n },
    });
    expect(
      await failure(collect(archive.readBatches({ ...at, validate: false }), () => 0)),
    ).toBeUndefined();
  });

  it.each([
    ['shorter', whole.subarray(0, whole.length - 1), /ends at byte/],
    [
      'without its last batch',
      whole.subarray(0, whole.length - (batches[3]?.length ?? 0)),
      /ends at byte/,
    ],
    ['longer', Buffer.concat([whole, batches[0] ?? whole]), /is longer than/],
    [
      'of another order',
      Buffer.concat([1, 0, 2, 3].map((index) => batches[index] ?? whole)),
      /starts at offset 3/,
    ],
    [
      'of another start',
      Buffer.concat([batchOf([1, 2, 3]), whole.subarray(batches[0]?.length)]),
      /starts at offset 1/,
    ],
    [
      'of another end',
      Buffer.concat([
        whole.subarray(0, whole.length - (batches[3]?.length ?? 0)),
        batchOf([12, 14]),
      ]),
      /ends at offset 14/,
    ],
    ['that goes back', patched((batches[0]?.length ?? 0) + 7, 1), /has offset 1 after offset 2/],
    ['of another magic', patched(16, 1), /magic 1/],
    ['of impossible lengths', patched(8, 0x7f), /does not start a valid batch/],
  ])('is found in a segment %s', async (_, bytes, problem) => {
    const { archive } = await damagedArchive(bytes);
    const error = await failure(collect(archive.readBatches(at), () => 0));
    expect(error?.message).toMatch(problem);
    expect(error?.exitCode).toBe(20);
  });

  it('says which segment is missing', async () => {
    const { archive, segment } = await damagedArchive(whole);
    await archive.repository.store.delete(segment.key);
    expect(await failure(collect(archive.readBatches(at), () => 0))).toMatchObject({
      code: 'KOPS_OBJECT_NOT_FOUND',
      at: { segment: segment.key },
    });
  });
});

/** Base offset and leader epoch; of the former a change that keeps the order is found by the segment's SHA-256 alone. */
function isOutsideCrc(position: number): boolean {
  let start = 0;
  for (const batch of batches) {
    if (position < start + batch.length)
      return position - start < 8 || (position - start >= 12 && position - start < 16);
    start += batch.length;
  }
  return false;
}

describe('walking raw segments', () => {
  async function walk(
    bytes: Uint8Array,
    pieceBytes: number,
  ): Promise<{ read: Buffer; valid: number; next: bigint | undefined; torn: boolean }> {
    const store = createMemoryStore();
    await store.putIfAbsent('x.log', bytes);
    const source = readSegmentBatches(store, { key: 'x.log' }, { pieceBytes });
    const read = Buffer.concat(await collect(source, ({ batch }) => Buffer.from(batch.bytes)));
    return {
      read,
      valid: source.validBytes,
      next: source.nextOffset,
      torn: source.tornTail !== undefined,
    };
  }
  const edges = batches.reduce<number[]>(
    (ends, batch) => [...ends, (ends.at(-1) ?? 0) + batch.length],
    [0],
  );

  it('keeps the longest prefix of valid batches of whatever a crash left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length),
        fc.uint8Array({ maxLength: 100 }),
        fc.integer({ min: 1, max: 300 }),
        async (length, tail, pieceBytes) => {
          const { read, valid, torn } = await walk(
            Buffer.concat([whole.subarray(0, length), tail]),
            pieceBytes,
          );
          expect(valid).toBe(Math.max(...edges.filter((edge) => edge <= length)));
          expect(read.equals(whole.subarray(0, valid))).toBe(true);
          expect(torn).toBe(valid < length + tail.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reports where to go on', async () => {
    expect(await walk(whole, 1000)).toMatchObject({ next: 16n, torn: false });
    expect(await walk(new Uint8Array(0), 1000)).toMatchObject({
      valid: 0,
      next: undefined,
      torn: false,
    });
    expect(await walk(new Uint8Array(5000), 1000)).toMatchObject({ valid: 0, torn: true });
    expect(await walk(Buffer.concat([whole, batches[0] ?? whole]), 1000)).toMatchObject({
      next: 16n,
      valid: whole.length,
      torn: true,
    });
  });

  it('reads what a dead writer left', async () => {
    const store = createMemoryStore();
    const writer = await store.openWriter('y.log');
    await writer.append([whole, whole.subarray(0, 30)]);
    await writer.sync();
    await writer.suspend();
    const source = readSegmentBatches(store, { part: 'y.log' });
    expect(await collect(source, ({ batch, position }) => [batch.baseOffset, position])).toEqual(
      [0n, 3n, 4n, 12n].map((offset, index) => [offset, edges[index]]),
    );
    expect(source.validBytes).toBe(whole.length);
    expect(source.tornTail).toMatchObject({ code: 'KOPS_BATCH_CORRUPT', at: { segment: 'y.log' } });
  });

  it('throws what the store throws', async () => {
    const source = readSegmentBatches(createMemoryStore(), { key: 'none.log' });
    await expect(collect(source, () => 0)).rejects.toThrow(
      expect.objectContaining({ code: 'KOPS_OBJECT_NOT_FOUND' }),
    );
  });
});
