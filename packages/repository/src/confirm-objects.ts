import { createHash } from 'node:crypto';
import { KopsError, mapLimit, throwIfAborted } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import type { NewObject, StoredCheck } from './repository.ts';

const concurrency = 8;

/**
 * Confirms that objects lie in the store as they were written: by their size, or by reading them back and comparing SHA-256.
 * @throws KOPS_OBJECT_NOT_FOUND, KOPS_OBJECT_CORRUPT
 */
export async function confirmObjects(
  store: ObjectStore,
  objects: readonly NewObject[],
  checkOf: (object: NewObject) => StoredCheck,
  signal?: AbortSignal,
): Promise<void> {
  await mapLimit(objects, concurrency, async (object) => {
    throwIfAborted(signal);
    await confirmSize(store, object);
    if (checkOf(object) === 'read') await confirmContent(store, object, signal);
  });
}

/** Confirms that objects exist. @throws KOPS_OBJECT_NOT_FOUND */
export async function confirmPresence(
  store: ObjectStore,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await mapLimit(keys, concurrency, async (key) => {
    throwIfAborted(signal);
    if ((await store.head(key)) === undefined) throw missing(store, key);
  });
}

async function confirmSize(store: ObjectStore, { key, bytes }: NewObject): Promise<void> {
  const info = await store.head(key);
  if (info === undefined) throw missing(store, key);
  if (info.size !== bytes)
    throw corrupt(
      store,
      key,
      `has ${String(info.size)} bytes instead of the ${String(bytes)} that were written`,
    );
}

async function confirmContent(
  store: ObjectStore,
  { key, sha256 }: NewObject,
  signal?: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256');
  for await (const piece of store.read(key, signal === undefined ? {} : { signal }))
    hash.update(piece);
  const actual = hash.digest('hex');
  if (actual !== sha256)
    throw corrupt(store, key, `has SHA-256 ${actual} instead of ${sha256} as written`);
}

function missing(store: ObjectStore, key: string): KopsError {
  return new KopsError(
    'KOPS_OBJECT_NOT_FOUND',
    `object ${key} is missing from the repository; the archive that needs it was not committed`,
    {
      at: { repository: store.url, object: key },
      hint: 'Run the backup again: it rewrites missing objects.',
    },
  );
}

function corrupt(store: ObjectStore, key: string, problem: string): KopsError {
  return new KopsError('KOPS_OBJECT_CORRUPT', `object ${key} ${problem}`, {
    at: { repository: store.url, object: key },
    hint: 'Repair the storage, then run the backup again. The storage returned other bytes than were written; nothing was committed.',
  });
}
