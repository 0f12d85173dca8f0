import { chmod, mkdir, open, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from './storage-error.ts';

/** Makes the entries of a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a directory with these permissions, whatever the umask. @throws EEXIST when it is there already */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path, { mode });
  if (mode !== 0o700) await chmod(path, mode);
}

/** How many directories are remembered as durable; beyond that the oldest is forgotten, which costs an fsync and nothing else. */
const maxRemembered = 4096;

/** Directories below a root, made durable once and remembered. */
export class DurableDirectories {
  readonly #root: string;
  readonly #mode: number;
  readonly #durable = new Set<string>();

  /** @param mode - Permissions of the directories that are made, whatever the umask. */
  constructor(root: string, mode: number) {
    this.#root = root;
    this.#mode = mode;
  }

  /**
   * Makes a directory (relative to the root, `''` being the root) and its parents exist and be durable.
   * The root itself is never made: when it is gone, its disk probably is, and the mount point must not be filled instead.
   * A directory found existing has its parent synced too: who made it may not have come that far.
   */
  async ensure(directory: string): Promise<void> {
    if (directory === '' || directory === '.' || this.#durable.has(directory)) return;
    const parent = dirname(directory);
    await this.ensure(parent);
    try {
      await makeDirectory(join(this.#root, directory), this.#mode);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    await syncDirectory(join(this.#root, parent));
    this.#remember(directory);
  }

  /** Forgets what is known of a directory and its parents, because one was found missing. */
  forget(directory: string): void {
    for (let path = directory; path !== '.' && path !== ''; path = dirname(path))
      this.#durable.delete(path);
  }

  /** Removes a directory and its parents as long as they are empty, so that pruned segments leave no tree of empty directories. */
  async removeEmpty(directory: string): Promise<void> {
    for (let path = directory; path !== '.' && path !== ''; path = dirname(path)) {
      this.#durable.delete(path);
      try {
        await rmdir(join(this.#root, path));
      } catch (error) {
        const code = systemCode(error);
        if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return;
        if (code !== 'ENOENT') throw error;
      }
    }
  }

  #remember(directory: string): void {
    if (this.#durable.size >= maxRemembered) {
      for (const oldest of this.#durable) {
        this.#durable.delete(oldest);
        break;
      }
    }
    this.#durable.add(directory);
  }
}
