import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KopsError } from '@kops/core';
import { syncDirectory } from './durable-directories.ts';
import { storageError, systemCode } from './storage-error.ts';

/**
 * Makes the directory of a repository, with every parent it lacks, durable.
 * @throws KOPS_USAGE when it or a parent is a file.
 */
export async function makeRoot(root: string, url: string): Promise<void> {
  try {
    const first = await mkdir(root, { recursive: true });
    if (first === undefined) return;
    for (let made = root; made.length >= first.length; made = dirname(made)) {
      await syncDirectory(dirname(made));
    }
  } catch (error) {
    if (isFileInPlace(error)) throw notADirectory(url, error);
    throw storageError(error, url, undefined, 'create');
  }
}

/**
 * Checks that the directory of a repository is there.
 * @throws KOPS_REPOSITORY_NOT_FOUND when it is missing; KOPS_USAGE when it is not a directory.
 */
export async function assertRoot(root: string, url: string): Promise<void> {
  let found;
  try {
    found = await stat(root);
  } catch (error) {
    if (isFileInPlace(error)) throw notADirectory(url, error);
    if (systemCode(error) !== 'ENOENT') throw storageError(error, url, undefined, 'open');
    throw new KopsError('KOPS_REPOSITORY_NOT_FOUND', `there is no directory ${root}`, {
      at: { repository: url },
      hint: 'Check the path and that its disk is mounted; a first backup creates the repository.',
      cause: error,
    });
  }
  if (!found.isDirectory()) throw notADirectory(url);
}

function isFileInPlace(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOTDIR' || code === 'EEXIST';
}

function notADirectory(url: string, cause?: unknown): KopsError {
  return new KopsError('KOPS_USAGE', `the repository ${url} is not a directory`, {
    at: { repository: url },
    hint: 'Give the path of a directory, or of one that does not exist yet to make a new repository.',
    ...(cause === undefined ? {} : { cause }),
  });
}
