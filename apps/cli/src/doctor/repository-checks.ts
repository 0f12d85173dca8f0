import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newToken, pinKey } from '@kops/archive-format';
import { counted, toKopsError } from '@kops/core';
import { parseRepositoryUrl, type ObjectStore } from '@kops/object-store';
import { findRepository } from '@kops/repository';
import { formatBytes } from '@kops/service';
import { openIfThere } from '../estimate/copy-places.ts';
import { check, fail, failed, ok, warn, type CheckResult } from './check.ts';

/** Less free space than this is worth a word. */
const littleSpace = 1024n ** 3n;

/** All checks of the copies that a backup would write. They are written to: a small object under a name of its own, which is removed at once. */
export async function* copyChecks(
  urls: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<CheckResult> {
  const places = new Map<string, string>();
  for (const url of urls) yield* repositoryChecks(url, places, signal);
}

/** Checks of one copy. `places` has those of the copies before it. */
async function* repositoryChecks(
  url: string,
  places: Map<string, string>,
  signal: AbortSignal,
): AsyncGenerator<CheckResult> {
  const { directory } = parseRepositoryUrl(url);
  let store;
  try {
    store = await openIfThere(directory);
  } catch (error) {
    yield failed('repository', error);
    return;
  }
  if (store === undefined) {
    yield await check('repository', signal, () => missingCheck(url, directory));
    return;
  }
  const opened = store;
  const place = opened.place ?? opened.url;
  const other = places.get(place);
  places.set(place, opened.url);
  if (other !== undefined) {
    yield fail('repository', 'KOPS_USAGE', `${other} and ${opened.url} are the same directory`, {
      hint: 'Give each copy its own directory, or give the repository once.',
    });
    return;
  }
  const content = await check('repository', signal, () => contentCheck(opened));
  yield content;
  // Nothing is written where other things lie.
  if (content.status === 'fail') return;
  yield await check('writing', signal, () => writeCheck(opened));
  yield await check('free space', signal, () => spaceCheck(opened));
}

async function missingCheck(url: string, directory: string): Promise<CheckResult> {
  let parent = dirname(directory);
  while ((await openIfThere(parent)) === undefined) parent = dirname(parent);
  try {
    await access(parent, constants.W_OK | constants.X_OK);
  } catch (error) {
    return fail(
      'repository',
      toKopsError(error).code,
      `${url} does not exist and cannot be created in ${parent}: no permission`,
      { hint: 'Create the directory for the user that runs kops, or use another path.' },
    );
  }
  return warn('repository', `${url} does not exist yet`, {
    hint: 'If this is not a new repository: check the path and that its disk is mounted. The first backup creates it.',
  });
}

async function contentCheck(store: ObjectStore): Promise<CheckResult> {
  const repository = await findRepository(store);
  if (repository === undefined)
    return ok('repository', `${store.url} is empty: the first backup creates a repository in it`);
  const archives = await repository.archives();
  const { version } = repository.info;
  // A backup reads the newest archive of its cluster, to extend it.
  const newest = new Map(archives.map((ref) => [ref.cluster, ref]));
  for (const ref of newest.values()) await repository.readManifest(ref);
  return ok(
    'repository',
    `${store.url} is a repository of format ${String(version)} with ${counted(archives.length, 'archive')}${archives.length === 0 ? '' : `, the last ${archives.at(-1)?.archive ?? ''}`}`,
  );
}

async function writeCheck(store: ObjectStore): Promise<CheckResult> {
  const key = pinKey(`doctor-${newToken()}`);
  const started = performance.now();
  await store.putIfAbsent(key, new TextEncoder().encode('{}'));
  const ms = performance.now() - started;
  await store.delete(key);
  return ok('writing', `an object was written durably in ${ms.toFixed(1)} ms and deleted`);
}

async function spaceCheck(store: ObjectStore): Promise<CheckResult> {
  const free = await store.freeBytes();
  if (free === undefined) return ok('free space', 'unknown: the store does not report it');
  if (free >= littleSpace) return ok('free space', `${formatBytes(free)} free`);
  return warn('free space', `only ${formatBytes(free)} free`, {
    hint: "Run 'kops estimate' to see how much a backup needs.",
  });
}
