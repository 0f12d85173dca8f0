import {
  commitKey,
  encodeCommit,
  decodeCommit,
  manifestKey,
  newArchiveId,
  type ArchiveCommit,
} from '@kops/archive-format';
import type { ObjectStore } from '@kops/object-store';
import { createMemoryStore } from '@kops/object-store/memory';
import { describe, expect, it } from 'vitest';
import { createRepository, openRepository, type Repository } from '../src/index.ts';
import {
  batchOf,
  cluster,
  collect,
  commitSegments,
  listOf,
  manifestOf,
  partitionOf,
  putSegment,
} from './fixture.ts';

const code = (name: string): unknown => expect.objectContaining({ code: name });
const ids = (archives: readonly ArchiveCommit[]): string[] =>
  archives.map(({ archive }) => archive);

async function emptyCommit(
  repository: Repository,
  fields: Parameters<typeof manifestOf>[1] = {},
  shard = 'main',
): Promise<ArchiveCommit> {
  return repository.commitArchive(manifestOf([], fields), { newObjects: [], shard });
}

/** Replaces an object, as no one may. */
async function replace(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  await store.delete(key);
  await store.putIfAbsent(key, bytes);
}

describe('repositories', () => {
  it('are made once, however many try', async () => {
    const store = createMemoryStore();
    const made = await Promise.all([
      createRepository(store),
      createRepository(store),
      createRepository(store),
    ]);
    expect(new Set(made.map(({ info }) => info.id)).size).toBe(1);
    expect((await openRepository(store)).info).toEqual(made[0].info);
  });

  it('are not made among other things, nor opened where there is none', async () => {
    const store = createMemoryStore();
    await expect(openRepository(store)).rejects.toThrow(code('KOPS_REPOSITORY_NOT_FOUND'));
    await expect(openRepository(store)).rejects.toThrow(/is empty/);
    await store.putIfAbsent('photos/cat.jpg', Buffer.from('x'));
    await expect(openRepository(store)).rejects.toThrow(
      /contains other files \('photos\/cat.jpg'\)/,
    );
    await expect(createRepository(store)).rejects.toThrow(code('KOPS_REFUSED'));
    expect(await collect(store.list(''), ({ key }) => key)).toEqual(['photos/cat.jpg']);
  });

  it('of a later format are refused', async () => {
    const store = createMemoryStore();
    await store.putIfAbsent('repository.json', Buffer.from('{"version":9}'));
    await expect(openRepository(store)).rejects.toThrow(code('KOPS_FORMAT_UNSUPPORTED'));
    await expect(createRepository(store)).rejects.toThrow(/format version 9/);
  });
});

describe('finding archives', () => {
  it('by id, by latest, by cluster', async () => {
    const repository = await createRepository(createMemoryStore());
    await expect(repository.resolveArchive('latest')).rejects.toThrow(/holds no archive/);
    const first = await emptyCommit(repository, { archive: '20260101t000000z-aaaaaaaa' });
    const second = await emptyCommit(repository, { archive: '20250101t000000z-bbbbbbbb' });
    expect(await repository.resolveArchive('latest')).toEqual(second);
    expect(await repository.resolveArchive(first.archive)).toEqual(first);
    await expect(repository.resolveArchive('20260101t000000z-aaaaaaab')).rejects.toThrow(
      expect.objectContaining({
        code: 'KOPS_ARCHIVE_NOT_FOUND',
        hint: expect.stringContaining(first.archive) as string,
      }),
    );
    const other = await emptyCommit(repository, { cluster: { id: 'other', brokers: [] } });
    await expect(repository.resolveArchive('latest')).rejects.toThrow(code('KOPS_USAGE'));
    expect(await repository.resolveArchive('latest', { cluster })).toEqual(second);
    expect(await repository.resolveArchive('latest', { cluster: 'other' })).toEqual(other);
    await expect(repository.resolveArchive(other.archive, { cluster })).rejects.toThrow(
      code('KOPS_ARCHIVE_NOT_FOUND'),
    );
    expect(ids(await repository.archives())).toEqual(ids([first, second, other]));
  });

  it('not those that were retired', async () => {
    const repository = await createRepository(createMemoryStore());
    const [first, second] = [await emptyCommit(repository), await emptyCommit(repository)];
    await repository.retireArchives([second.archive]);
    const reopened = await openRepository(repository.store);
    expect(ids(await reopened.archives())).toEqual([first.archive]);
    expect(await reopened.resolveArchive('latest')).toEqual(first);
    await expect(reopened.resolveArchive(second.archive)).rejects.toThrow(/was pruned/);
    await expect(reopened.retireArchives([second.archive])).rejects.toThrow(
      code('KOPS_ARCHIVE_NOT_FOUND'),
    );
    await expect(emptyCommit(reopened, { parent: second.archive })).rejects.toThrow(
      /which was pruned/,
    );
    await expect(emptyCommit(reopened, { archive: second.archive })).rejects.toThrow(
      code('KOPS_REFUSED'),
    );
  });
});

describe('the commit log', () => {
  async function logOfThree(): Promise<{ repository: Repository; store: ObjectStore }> {
    const repository = await createRepository(createMemoryStore());
    for (let number = 0; number < 3; number++) await emptyCommit(repository);
    return { repository, store: repository.store };
  }
  const readAll = async (store: ObjectStore): Promise<number[]> =>
    collect((await openRepository(store)).commits(), ({ sequence }) => sequence);

  it('is a chain, read in order', async () => {
    const { store } = await logOfThree();
    expect(await readAll(store)).toEqual([1, 2, 3]);
  });

  it('shows a gap, a changed commit, a moved one, and strangers', async () => {
    const gap = await logOfThree();
    await gap.store.delete(commitKey('main', 2));
    await expect(readAll(gap.store)).rejects.toThrow(
      /commits\/main\/00000000000000000002.json is missing/,
    );
    await expect(openRepository(gap.store).then((opened) => opened.archives())).rejects.toThrow(
      code('KOPS_MANIFEST_INVALID'),
    );

    const changed = await logOfThree();
    const key = commitKey('main', 2);
    const commit = decodeCommit(await changed.store.get(key));
    await replace(changed.store, key, encodeCommit({ ...commit, archive: newArchiveId() }));
    await expect(readAll(changed.store)).rejects.toThrow(
      /00000000000000000003.json refers to a previous commit with SHA-256/,
    );

    const moved = await logOfThree();
    await moved.store.putIfAbsent(
      commitKey('main', 4),
      await moved.store.get(commitKey('main', 3)),
    );
    await expect(readAll(moved.store)).rejects.toThrow(/has the number 3/);

    const stranger = await logOfThree();
    await stranger.store.putIfAbsent('commits/notes.txt', Buffer.from('x'));
    await expect(readAll(stranger.store)).rejects.toThrow(
      /commits\/notes.txt does not have the key of a commit/,
    );
  });

  it('notices a manifest that is not the committed one', async () => {
    const { repository, store } = await logOfThree();
    const ref = await repository.resolveArchive('latest');
    expect((await repository.readManifest(ref)).archive).toBe(ref.archive);
    const bytes = Buffer.from(await store.get(ref.manifest.key));
    await replace(store, ref.manifest.key, Buffer.from(bytes.toString().replace('2026', '2027')));
    await expect(repository.readManifest(ref)).rejects.toThrow(/instead of .* as committed/);
    await store.delete(ref.manifest.key);
    await expect(repository.readManifest(ref)).rejects.toThrow(/manifest is missing/);
  });

  it('holds every commit of racing writers once, in one order', async () => {
    const store = createMemoryStore();
    await createRepository(store);
    const writers = await Promise.all(Array.from({ length: 6 }, () => openRepository(store)));
    const committed = await Promise.all(
      writers.flatMap((writer) => [emptyCommit(writer), emptyCommit(writer)]),
    );
    expect(committed.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    expect(await readAll(store)).toHaveLength(12);
    expect(new Set(ids(await (await openRepository(store)).archives()))).toEqual(
      new Set(ids(committed)),
    );
  });

  it('has a chain of its own for each shard', async () => {
    const repository = await createRepository(createMemoryStore());
    for (const shard of ['main', 'main-2', 'a', 'main']) await emptyCommit(repository, {}, shard);
    expect(
      await collect(repository.commits(), ({ shard, sequence }) => `${shard} ${String(sequence)}`),
    ).toEqual(expect.arrayContaining(['a 1', 'main-2 1', 'main 1', 'main 2']) as string[]);
    expect(await repository.archives()).toHaveLength(4);
  });
});

describe('committing', () => {
  it('is done once, whatever responses were lost', async () => {
    const repository = await createRepository(createMemoryStore());
    const manifest = manifestOf([]);
    const first = await repository.commitArchive(manifest, { newObjects: [] });
    expect(await repository.commitArchive(manifest, { newObjects: [] })).toEqual(first);
    const elsewhere = await openRepository(repository.store);
    expect(await elsewhere.commitArchive(manifest, { newObjects: [] })).toEqual(first);
    await expect(
      elsewhere.commitArchive({ ...manifest, kopsVersion: '9' }, { newObjects: [] }),
    ).rejects.toThrow(code('KOPS_REFUSED'));
    expect(await repository.archives()).toHaveLength(1);
  });

  it('lets one of two owners of a series go on', async () => {
    const repository = await createRepository(createMemoryStore());
    const first = await emptyCommit(repository, { kind: 'generation' });
    const next = { kind: 'generation' as const, series: first.archive, parent: first.archive };
    const other = await openRepository(repository.store);
    const outcomes = await Promise.allSettled([
      emptyCommit(repository, next),
      emptyCommit(other, next),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toEqual(
      code('KOPS_FENCED'),
    );
    expect(await repository.archives()).toHaveLength(2);
  });

  it('is refused to an owner that was taken over, also where its commit was on its way', async () => {
    const store = createMemoryStore();
    const successor = await createRepository(store);
    let beforePut = async (): Promise<void> => Promise.resolve();
    const putIfAbsent: ObjectStore['putIfAbsent'] = async (key, bytes) => {
      if (key.startsWith('commits/')) await beforePut();
      return store.putIfAbsent(key, bytes);
    };
    const slow = new Proxy(store, {
      get: (target, name) => {
        if (name === 'putIfAbsent') return putIfAbsent;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const owner = await openRepository(slow);
    const first = await emptyCommit(owner, { kind: 'generation' });
    await owner.checkSeries(first.series);
    const next = { kind: 'generation' as const, series: first.archive, parent: first.archive };
    // It stood still between its last look at the log and its commit.
    beforePut = async () => {
      beforePut = async () => Promise.resolve();
      await successor.fenceSeries([first.series], { cluster });
    };
    await expect(emptyCommit(owner, next)).rejects.toThrow(code('KOPS_FENCED'));
    await expect(emptyCommit(await openRepository(store), next)).rejects.toThrow(
      code('KOPS_FENCED'),
    );
    await expect(owner.checkSeries(first.series)).rejects.toThrow(code('KOPS_FENCED'));
    expect(ids(await successor.archives())).toEqual([first.archive]);
    // Others go on.
    await emptyCommit(successor, { parent: first.archive });
  });

  it('needs a parent that exists', async () => {
    const repository = await createRepository(createMemoryStore());
    await expect(emptyCommit(repository, { parent: newArchiveId() })).rejects.toThrow(
      /does not exist/,
    );
  });

  it('confirms new objects, and commits nothing if one is not as written', async () => {
    const repository = await createRepository(createMemoryStore());
    const { store } = repository;
    const segment = await putSegment(store, [batchOf([0, 1])]);
    const list = listOf([segment]);
    const stored = await repository.putSegmentList(list);
    const manifest = manifestOf([partitionOf(list, stored.sha256, { logStart: 0n, cut: 2n })]);
    const object = { key: segment.key, bytes: segment.storedBytes, sha256: segment.storedSha256 };
    const attempt = (
      newObjects: (typeof object)[],
      verifyStored: 'size' | 'read' = 'size',
    ): Promise<unknown> => repository.commitArchive(manifest, { newObjects, verifyStored });
    await expect(attempt([{ ...object, bytes: 1 }, stored])).rejects.toThrow(
      /instead of the 1 that were written/,
    );
    await expect(
      attempt([{ ...object, key: segment.key.replace('.log', '.logx') }]),
    ).rejects.toThrow(code('KOPS_OBJECT_NOT_FOUND'));
    const flipped = Buffer.from(await store.get(segment.key));
    flipped[70] = (flipped[70] ?? 0) ^ 1;
    await replace(store, segment.key, flipped);
    await expect(attempt([object, stored], 'read')).rejects.toThrow(code('KOPS_OBJECT_CORRUPT'));
    expect(await repository.archives()).toEqual([]);
    expect(await store.head(manifestKey(manifest.archive))).toBeUndefined();
    await expect(attempt([object, stored])).resolves.toMatchObject({ archive: manifest.archive });
  });

  it('needs the lists that it shares with its parent', async () => {
    const repository = await createRepository(createMemoryStore());
    const first = await commitSegments(repository, [
      await putSegment(repository.store, [batchOf([0])]),
    ]);
    const { topics } = await repository.readManifest(first);
    const next = manifestOf([], { parent: first.archive, topics });
    const sha256 = topics[0]?.partitions[0]?.list ?? '';
    const opened = await openRepository(repository.store);
    const bytes = await repository.store.get(`lists/${sha256}.json`);
    await repository.store.delete(`lists/${sha256}.json`);
    await expect(opened.commitArchive(next, { newObjects: [] })).rejects.toThrow(
      code('KOPS_OBJECT_NOT_FOUND'),
    );
    await repository.store.putIfAbsent(`lists/${sha256}.json`, bytes);
    expect(await opened.commitArchive(next, { newObjects: [] })).toMatchObject({ sequence: 2 });
  });

  it('gives up after too many lost slots', async () => {
    const store = createMemoryStore();
    const repository = await createRepository(store);
    const put = store.putIfAbsent.bind(store);
    // A store that lets another writer in before each of our commits.
    store.putIfAbsent = async (key, bytes) => {
      if (!key.startsWith('commits/')) return put(key, bytes);
      const commit = decodeCommit(bytes);
      const id = newArchiveId();
      await put(key, encodeCommit({ ...commit, archive: id, series: id }));
      return put(key, bytes);
    };
    await expect(emptyCommit(repository)).rejects.toThrow(code('KOPS_HELD'));
    expect((await collect(repository.commits(), ({ sequence }) => sequence)).length).toBe(32);
  });
});
