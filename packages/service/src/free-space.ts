import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { KopsError, toKopsError } from '@kops/core';
import { formatBytes } from './quantities.ts';

/** Bytes that a user may still write to the file system of a directory. */
export type FreeBytes = (directory: string) => Promise<bigint>;

/** Free space of the file system that a directory is on, or would be on. */
export const freeBytesOf: FreeBytes = async (directory) => {
  for (let at = resolve(directory); ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at, { bigint: true });
      return bavail * bsize;
    } catch (thrown) {
      const isAbsent = (thrown as NodeJS.ErrnoException).code === 'ENOENT' && dirname(at) !== at;
      if (!isAbsent) throw toKopsError(thrown);
    }
  }
};

/** What is about to be written, and where. */
export interface SpaceNeed {
  readonly directory: string;
  readonly bytes: bigint;
  /** What needs the space: `the drill`. */
  readonly what: string;
  /** What to do without it. */
  readonly hint: string;
  readonly freeBytes?: FreeBytes;
}

/** Makes sure that there is room before work starts. @throws KOPS_NO_SPACE */
export async function requireFreeSpace(need: SpaceNeed): Promise<void> {
  const { directory, bytes, what, hint, freeBytes = freeBytesOf } = need;
  const free = await freeBytes(directory);
  if (free >= bytes) return;
  throw new KopsError(
    'KOPS_NO_SPACE',
    `${what} needs about ${formatBytes(bytes)} in ${directory}, which has ${formatBytes(free)} free`,
    { at: { object: directory }, hint },
  );
}

/** A directory of its own below the system's temporary one (TMPDIR), gone when it is disposed of. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** @throws KOPS_USAGE where TMPDIR names no directory; KOPS_ACCESS_DENIED, KOPS_NO_SPACE */
export async function makeTemporaryDirectory(prefix: string): Promise<TemporaryDirectory> {
  const parent = tmpdir();
  try {
    const path = await mkdtemp(join(parent, prefix));
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  } catch (thrown) {
    const { code, message } = toKopsError(thrown);
    throw new KopsError(
      code === 'KOPS_UNEXPECTED' ? 'KOPS_USAGE' : code,
      `cannot create a temporary directory in ${parent}: ${message}`,
      {
        at: { object: parent },
        hint: 'Set TMPDIR to a writable directory.',
        cause: thrown,
      },
    );
  }
}
