import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted, toKopsError } from '@kops/core';
import { sandboxUnavailable } from './sandbox-error.ts';

/** The per-user cache folder: `KOPS_CACHE_DIR`, else `$XDG_CACHE_HOME/kops`, else `~/.cache/kops`. */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['KOPS_CACHE_DIR'];
  if (own !== undefined && own !== '') return own;
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache'), 'kops');
}

/** Whether a path exists. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw toKopsError(error);
  }
}

/** How an entry of the cache is made. */
export interface CacheEntryOptions {
  /** Final path, a folder or a file. */
  readonly path: string;
  /** Makes the entry at another path beside it. */
  readonly make: (scratch: string) => Promise<void>;
  readonly signal?: AbortSignal;
  /** How long to wait for another process that makes the same entry. */
  readonly timeoutMs?: number;
}

/**
 * Gives an entry of the cache, made at most once: written beside its place and renamed, so that it is whole or absent
 * even when the process is killed. A lock file keeps two processes from doing the same work; it is a courtesy, and a
 * lock left by a dead process is ignored: whoever renames second finds the entry there and drops its own.
 */
export async function cacheEntry(options: CacheEntryOptions): Promise<string> {
  const { path, make, signal, timeoutMs = 600_000 } = options;
  await mkdir(dirname(path), { recursive: true });
  const lock = `${path}.lock`;
  const expires = performance.now() + timeoutMs;
  while (!(await exists(path))) {
    throwIfAborted(signal);
    if (await takeLock(lock)) {
      try {
        await sweep(path);
        if (!(await exists(path))) await makeEntry(path, make);
      } finally {
        await rm(lock, { force: true });
      }
      return path;
    }
    if (performance.now() > expires) {
      throw sandboxUnavailable(
        `another process did not finish ${path} within ${String(timeoutMs)} ms`,
        `Stop that process (its id is in ${lock}), or delete the lock file.`,
      );
    }
    await sleep(200);
  }
  return path;
}

/** No download takes this long: what is older was left by a process that was killed. */
const abandonedAfterMs = 3_600_000;

async function sweep(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.part-`)) continue;
    const left = join(dirname(path), name);
    // Another process may have renamed its own meanwhile.
    if (!(await exists(left))) continue;
    const { mtimeMs } = await stat(left);
    if (Date.now() - mtimeMs > abandonedAfterMs) await rm(left, { recursive: true, force: true });
  }
}

async function makeEntry(path: string, make: (scratch: string) => Promise<void>): Promise<void> {
  const scratch = `${path}.part-${randomUUID().slice(0, 8)}`;
  try {
    await make(scratch);
    await rename(scratch, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if ((code !== 'ENOTEMPTY' && code !== 'EEXIST') || !(await exists(path)))
      throw toKopsError(error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw toKopsError(error);
  }
  if (!(await isAbandoned(lock))) return false;
  await rm(lock, { force: true });
  return false;
}

async function isAbandoned(lock: string): Promise<boolean> {
  try {
    const owner = Number.parseInt(await readFile(lock, 'utf8'), 10);
    // Empty for the instant between creating and writing it; after a minute its owner died in that instant.
    if (!Number.isSafeInteger(owner)) return Date.now() - (await stat(lock)).mtimeMs > 60_000;
    return !isAlive(owner);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw toKopsError(error);
  }
}

/** Whether a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
