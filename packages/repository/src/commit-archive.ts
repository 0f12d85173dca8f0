import {
  defaultShard,
  encodeManifest,
  listKey,
  manifestKey,
  sha256Hex,
  type ArchiveCommit,
  type Manifest,
} from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { appendCommit, type CommitContent } from './append-commit.ts';
import { fencedSeries } from './fence-series.ts';
import type { CommitLog } from './commit-log.ts';
import { confirmObjects, confirmPresence } from './confirm-objects.ts';
import type { CommitOptions, NewObject } from './repository.ts';

/** See `Repository.commitArchive`. `knownLists` are SHA-256 of lists that were confirmed before; those confirmed now are added. */
export async function commitArchive(
  store: ObjectStore,
  log: CommitLog,
  knownLists: Set<string>,
  manifest: Manifest,
  options: CommitOptions,
): Promise<ArchiveCommit> {
  const { newObjects, shard = defaultShard, verifyStored = 'size', signal } = options;
  // The whole log once, so that a parent in another shard is seen; afterwards only the own shard moves.
  await log.refresh(undefined, signal);
  const bytes = encodeManifest(manifest);
  const object: NewObject = {
    key: manifestKey(manifest.archive),
    bytes: bytes.byteLength,
    sha256: sha256Hex(bytes),
  };
  const there = decideCommit(store, log, manifest, object);
  if ('done' in there) return there.done;
  await confirmObjects(
    store,
    newObjects,
    ({ key }) => (key.startsWith('segments/') ? verifyStored : 'read'),
    signal,
  );
  await confirmOlderLists(store, knownLists, manifest, newObjects, signal);
  await putManifest(store, object, bytes, signal);
  return appendCommit<ArchiveCommit>(
    store,
    log,
    shard,
    () => decideCommit(store, log, manifest, object),
    signal,
  );
}

type Decision = { readonly done: ArchiveCommit } | { readonly content: CommitContent };

function decideCommit(
  store: ObjectStore,
  log: CommitLog,
  manifest: Manifest,
  object: NewObject,
): Decision {
  const at = { repository: store.url, archive: manifest.archive };
  const same = log.archive(manifest.archive);
  if (same !== undefined) {
    if (same.manifest.sha256 === object.sha256) return { done: same };
    throw new KopsError(
      'KOPS_REFUSED',
      `archive ${manifest.archive} is already committed with another manifest`,
      {
        at,
        hint: 'Use a new archive id.',
      },
    );
  }
  if (log.isFenced(manifest.series)) throw fencedSeries(store, manifest.series);
  refuseLostParent(log, manifest, at);
  refuseForeignSeries(log, manifest, at);
  return {
    content: {
      cluster: manifest.cluster.id,
      archive: manifest.archive,
      series: manifest.series,
      manifest: { key: object.key, sha256: object.sha256, bytes: object.bytes },
      selection: manifest.selection,
      retires: [],
      signature: null,
    },
  };
}

function refuseLostParent(
  log: CommitLog,
  { parent, archive }: Manifest,
  at: { repository: string; archive: string },
): void {
  if (log.isRetired(archive)) {
    throw new KopsError('KOPS_REFUSED', `archive ${archive} was pruned`, {
      at,
      hint: 'Use a new archive id.',
    });
  }
  if (parent === null || log.archive(parent) !== undefined) return;
  const what = log.isRetired(parent) ? 'was pruned' : 'does not exist';
  throw new KopsError('KOPS_REFUSED', `archive ${archive} extends ${parent}, which ${what}`, {
    at,
    hint: 'Run the backup again: it extends an existing archive.',
  });
}

/** A series has one writer: if its last archive is not the parent, another one took over. */
function refuseForeignSeries(
  log: CommitLog,
  manifest: Manifest,
  at: { repository: string; archive: string },
): void {
  const end = log.seriesEnd(manifest.series);
  if (end === undefined || end.archive === manifest.parent) return;
  throw new KopsError(
    'KOPS_FENCED',
    `series ${manifest.series} was continued by another archiver, with archive ${end.archive}`,
    {
      at,
      hint: 'Stop one of the two archivers, or start a new backup.',
    },
  );
}

async function confirmOlderLists(
  store: ObjectStore,
  knownLists: Set<string>,
  manifest: Manifest,
  newObjects: readonly NewObject[],
  signal?: AbortSignal,
): Promise<void> {
  const fresh = new Set(newObjects.map(({ key }) => key));
  const needed = new Set(
    manifest.topics.flatMap(({ partitions }) =>
      partitions.flatMap(({ list }) => (list === null ? [] : [list])),
    ),
  );
  const older = [...needed].filter(
    (sha256) => !knownLists.has(sha256) && !fresh.has(listKey(sha256)),
  );
  await confirmPresence(store, older.map(listKey), signal);
  // Only what this manifest needs is remembered: the next one of the series needs nearly the same.
  knownLists.clear();
  for (const sha256 of needed) knownLists.add(sha256);
}

async function putManifest(
  store: ObjectStore,
  object: NewObject,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const outcome = await store.putIfAbsent(object.key, bytes);
  try {
    await confirmObjects(store, [object], () => 'read', signal);
  } catch (error) {
    if (outcome === 'created' || !KopsError.is(error, 'KOPS_OBJECT_CORRUPT')) throw error;
    throw new KopsError('KOPS_REFUSED', `object ${object.key} exists with other content`, {
      at: { repository: store.url, object: object.key },
      hint: 'Use a new archive id.',
      cause: error,
    });
  }
}
