import type { BigIntStats } from 'node:fs';
import { mkdir, readlink, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KopsError } from '@kops/core';
import { makeDirectory, syncDirectory } from './durable-directories.ts';
import { storageError, systemCode } from './storage-error.ts';

/**
 * Makes the directory of a repository, with every parent it lacks, durable. Parents get the permissions of the umask.
 * @throws KOPS_USAGE when it or a parent is a file; KOPS_CONFIG when the file system cannot make directory entries durable.
 */
export async function makeRoot(root: string, url: string, mode: number): Promise<void> {
  try {
    const first = await mkdir(dirname(root), { recursive: true });
    if (await isMade(root, mode)) {
      const top = first ?? root;
      for (let made = root; made.length >= top.length; made = dirname(made))
        await syncDirectory(dirname(made));
    }
    // Before anything is written: a file system that cannot do this (SMB) is refused while the directory is still empty.
    await syncDirectory(root);
  } catch (error) {
    await refuseDanglingLink(root, url);
    if (isFileInPlace(error)) throw notADirectory(url, error);
    throw storageError(error, url, undefined, 'create');
  }
}

/** Whether the directory was made just now; false when it was there. */
async function isMade(root: string, mode: number): Promise<boolean> {
  try {
    await makeDirectory(root, mode);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && (await stat(root)).isDirectory()) return false;
    throw error;
  }
}

/**
 * Checks that the directory of a repository is there.
 * @throws KOPS_REPOSITORY_NOT_FOUND when it is missing; KOPS_USAGE when it is not a directory, or a link to nothing.
 */
export async function assertRoot(root: string, url: string): Promise<BigIntStats> {
  let found;
  try {
    found = await stat(root, { bigint: true });
  } catch (error) {
    await refuseDanglingLink(root, url);
    if (isFileInPlace(error)) throw notADirectory(url, error);
    if (systemCode(error) !== 'ENOENT') throw storageError(error, url, undefined, 'open');
    throw new KopsError('KOPS_REPOSITORY_NOT_FOUND', `there is no directory ${root}`, {
      at: { repository: url },
      hint: "Check the path and check that its disk is mounted, or run 'kops backup' to create the repository.",
      cause: error,
    });
  }
  if (!found.isDirectory()) throw notADirectory(url);
  return found;
}

/** A link whose target is missing: its disk may not be mounted, and nothing can be made in its place. */
async function refuseDanglingLink(root: string, url: string): Promise<void> {
  const target = await readlink(root).catch(() => undefined);
  if (target === undefined || (await isThere(root))) return;
  throw new KopsError(
    'KOPS_USAGE',
    `the repository ${url} is a link to ${target}, which does not exist`,
    {
      at: { repository: url },
      hint: 'Mount the disk that the link points to, or remove the link to create a new repository there.',
    },
  );
}

/** Whether a path leads somewhere, even to where this user may not look. */
async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ENOENT';
  }
}

function isFileInPlace(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOTDIR' || code === 'EEXIST';
}

function notADirectory(url: string, cause?: unknown): KopsError {
  return new KopsError('KOPS_USAGE', `the repository ${url} is not a directory`, {
    at: { repository: url },
    hint: 'Use the path of an existing directory, or a new path to create a repository there.',
    ...(cause === undefined ? {} : { cause }),
  });
}
