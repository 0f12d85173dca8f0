import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore } from '@kops/object-store/file';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRepository, openArchive, openRepository } from '../src/index.ts';
import { batchOf, collect, commitSegments, manifestOf, offsets, putSegment } from './fixture.ts';

describe('a repository in a directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kops-repository-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('gives back what was committed, to another process too', async () => {
    const repository = await createRepository(await openFileStore(directory));
    const batches = offsets(0, 30).map((offset) => batchOf([offset], { valueBytes: 150_000 }));
    const segments = [
      await putSegment(repository.store, batches.slice(0, 20)),
      await putSegment(repository.store, batches.slice(20)),
    ];
    await commitSegments(repository, segments, { commit: { verifyStored: 'read' } });
    const archive = await openArchive(
      await openRepository(await openFileStore(directory)),
      'latest',
    );
    const at = { topic: 'orders', partition: 0 };
    const bytes = await collect(archive.readBatches(at), ({ batch }) => Buffer.from(batch.bytes));
    expect(Buffer.concat(bytes).equals(Buffer.concat(batches))).toBe(true);
    const window = { ...at, from: 17n, to: 23n };
    expect(await collect(archive.readRecords(window), ({ offset }) => Number(offset))).toEqual(
      offsets(17, 6),
    );
  });

  it('holds every commit of racing writers once', async () => {
    await createRepository(await openFileStore(directory));
    const writers = await Promise.all(
      offsets(0, 4).map(async () => openRepository(await openFileStore(directory))),
    );
    await Promise.all(
      writers.flatMap((writer) =>
        offsets(0, 3).map(() => writer.commitArchive(manifestOf([]), { newObjects: [] })),
      ),
    );
    const reopened = await openRepository(await openFileStore(directory));
    expect(await collect(reopened.commits(), ({ sequence }) => sequence)).toEqual(offsets(1, 12));
  });
});
