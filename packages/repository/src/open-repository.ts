import {
  commitKey,
  decodeManifest,
  decodeRepositoryInfo,
  decodeSegmentList,
  defaultShard,
  documentLimits,
  encodeRepositoryInfo,
  encodeSegmentList,
  listKey,
  manifestKey,
  newToken,
  repositoryKey,
  sha256Hex,
  type ArchiveCommit,
  type Commit,
  type Manifest,
  type RandomBytes,
  type RepositoryInfo,
  type SegmentList,
} from '@kops/archive-format';
import { KopsError, systemClock, type Clock } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { CommitLog, firstKey, listShards, readCommits } from './commit-log.ts';
import { commitArchive } from './commit-archive.ts';
import { confirmObjects } from './confirm-objects.ts';
import { fencedSeries, fenceSeries } from './fence-series.ts';
import { findArchive } from './find-archive.ts';
import { readDocument } from './read-document.ts';
import type {
  ArchiveSelection,
  ArchiveWanted,
  CommitOptions,
  NewObject,
  Repository,
} from './repository.ts';
import { retireArchives } from './retire-archives.ts';

/** Where time and randomness come from; replace them in tests only. */
export interface CreateRepositoryOptions {
  readonly clock?: Clock;
  readonly random?: RandomBytes;
}

/**
 * Opens the repository of a store, or makes one in an empty store. Of several creators at once all open the same one.
 * @throws KOPS_REFUSED when the store holds other things; KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID
 */
export async function createRepository(
  store: ObjectStore,
  options: CreateRepositoryOptions = {},
): Promise<Repository> {
  const found = await findRepository(store);
  if (found !== undefined) return found;
  const { clock = systemClock, random } = options;
  const info: RepositoryInfo = {
    version: 1,
    id: newToken(random),
    createdAt: new Date(clock.now()).toISOString(),
  };
  await store.putIfAbsent(repositoryKey, encodeRepositoryInfo(info));
  return openRepository(store);
}

/**
 * Opens the repository of a store; undefined for an empty store, in which {@link createRepository} would make one. Writes nothing.
 * @throws KOPS_REFUSED when the store holds other things; KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID
 */
export async function findRepository(store: ObjectStore): Promise<Repository | undefined> {
  if ((await store.head(repositoryKey)) !== undefined) return openRepository(store);
  const foreign = await firstKey(store, '');
  if (foreign === undefined) return undefined;
  // A creator may have been at work between the two looks: then its repository is what lies there.
  if ((await store.head(repositoryKey)) !== undefined) return openRepository(store);
  throw new KopsError(
    'KOPS_REFUSED',
    `${store.url} contains other files, so no repository is created there (found '${foreign}')`,
    {
      at: { repository: store.url },
      hint: 'Use an empty or new directory. Nothing was written.',
    },
  );
}

/**
 * Opens the repository of a store.
 * @throws KOPS_REPOSITORY_NOT_FOUND when there is none; KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID
 */
export async function openRepository(store: ObjectStore): Promise<Repository> {
  if ((await store.head(repositoryKey)) === undefined) throw await notFound(store);
  const bytes = await readDocument(store, {
    key: repositoryKey,
    what: repositoryKey,
    maxBytes: documentLimits.repository,
  });
  return new StoredRepository(
    store,
    decodeRepositoryInfo(bytes, { repository: store.url, object: repositoryKey }),
  );
}

async function notFound(store: ObjectStore): Promise<KopsError> {
  const foreign = await firstKey(store, '');
  const what =
    foreign === undefined
      ? 'is empty'
      : `contains other files ('${foreign}') and no ${repositoryKey}`;
  return new KopsError(
    'KOPS_REPOSITORY_NOT_FOUND',
    `${store.url} is not a repository: it ${what}`,
    {
      at: { repository: store.url },
      hint:
        foreign === undefined
          ? "Check the path, or run 'kops backup' to create a repository in an empty directory."
          : 'Check the path of the repository.',
    },
  );
}

/** No later commit covers the last one, and its words become a path: a key that is not the archive's must not get that far. */
function requireOwnKey(ref: ArchiveCommit, repository: string): void {
  if (ref.manifest.key === manifestKey(ref.archive)) return;
  const object = commitKey(ref.shard, ref.sequence);
  throw new KopsError(
    'KOPS_MANIFEST_INVALID',
    `commit ${object} refers to manifest ${ref.manifest.key}, which belongs to another archive`,
    {
      at: { repository, archive: ref.archive, object },
      hint: 'Use another copy of the repository.',
    },
  );
}

class StoredRepository implements Repository {
  readonly store: ObjectStore;
  readonly info: RepositoryInfo;
  readonly #log: CommitLog;
  readonly #knownLists = new Set<string>();

  constructor(store: ObjectStore, info: RepositoryInfo) {
    this.store = store;
    this.info = info;
    this.#log = new CommitLog(store);
  }

  async *commits(options: { shard?: string; signal?: AbortSignal } = {}): AsyncIterable<Commit> {
    const shards = options.shard === undefined ? await listShards(this.store) : [options.shard];
    for (const shard of shards) {
      for await (const { commit } of readCommits(this.store, shard, undefined, options.signal))
        yield commit;
    }
  }

  async archives(selection: ArchiveSelection = {}): Promise<ArchiveCommit[]> {
    await this.#log.refresh();
    return this.#log
      .archives()
      .filter(({ cluster }) => selection.cluster === undefined || cluster === selection.cluster);
  }

  async resolveArchive(idOrLatest: string, wanted: ArchiveWanted = {}): Promise<ArchiveCommit> {
    const archives = await this.archives();
    return findArchive(archives, idOrLatest, {
      repository: this.store.url,
      retired: (id) => this.#log.isRetired(id),
      ...wanted,
    });
  }

  async readManifest(ref: ArchiveCommit): Promise<Manifest> {
    requireOwnKey(ref, this.store.url);
    const at = { repository: this.store.url, archive: ref.archive, object: ref.manifest.key };
    const bytes = await readDocument(this.store, {
      key: ref.manifest.key,
      what: 'manifest',
      sha256: ref.manifest.sha256,
      maxBytes: documentLimits.manifest,
      at,
    });
    const manifest = decodeManifest(bytes, at);
    if (
      manifest.archive === ref.archive &&
      manifest.series === ref.series &&
      manifest.cluster.id === ref.cluster
    )
      return manifest;
    throw new KopsError(
      'KOPS_MANIFEST_INVALID',
      `manifest of archive ${manifest.archive} is committed as ${ref.archive}`,
      {
        at,
        hint: 'Use another archive or another copy of the repository.',
      },
    );
  }

  async readSegmentList(sha256: string): Promise<SegmentList> {
    const key = listKey(sha256);
    const bytes = await readDocument(this.store, {
      key,
      what: 'segment list',
      sha256,
      maxBytes: documentLimits.segmentList,
    });
    return decodeSegmentList(bytes, { repository: this.store.url, object: key });
  }

  async putSegmentList(list: SegmentList): Promise<NewObject> {
    const bytes = encodeSegmentList(list);
    const sha256 = sha256Hex(bytes);
    const object = { key: listKey(sha256), bytes: bytes.byteLength, sha256 };
    const outcome = await this.store.putIfAbsent(object.key, bytes);
    if (outcome === 'exists') await confirmObjects(this.store, [object], () => 'read');
    return object;
  }

  commitArchive(manifest: Manifest, options: CommitOptions): Promise<ArchiveCommit> {
    return commitArchive(this.store, this.#log, this.#knownLists, manifest, options);
  }

  async fenceSeries(
    series: readonly string[],
    { cluster, shard = defaultShard }: { readonly cluster: string; readonly shard?: string },
  ): Promise<void> {
    await fenceSeries(this.store, this.#log, series, { cluster, shard });
  }

  async checkSeries(series: string): Promise<void> {
    await this.#log.refresh();
    if (this.#log.isFenced(series)) throw fencedSeries(this.store, series);
  }

  retireArchives(ids: readonly string[], options: { shard?: string } = {}): Promise<Commit> {
    return retireArchives(this.store, this.#log, ids, options.shard ?? defaultShard);
  }
}
