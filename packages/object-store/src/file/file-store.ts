import { randomBytes } from 'node:crypto';
import { open, stat, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assertWithin, resolveRange } from '../byte-range.ts';
import { assertKey, assertPrefix, partEnding } from '../key.ts';
import type {
  ByteRange,
  ObjectInfo,
  ObjectStore,
  ObjectWriter,
  StoreCapabilities,
} from '../port.ts';
import { keyIsDirectory, objectExists, objectNotFound } from '../store-error.ts';
import { DurableDirectories, syncDirectory } from './durable-directories.ts';
import { defaultFileMode, directoryMode } from './file-modes.ts';
import { removeFile } from './remove-file.ts';
import { readPieces, readRange } from './file-reader.ts';
import { FileWriter } from './file-writer.ts';
import { linkOnce } from './link-once.ts';
import { assertRoot, makeRoot } from './repository-root.ts';
import { isMissing, storageError, systemCode } from './storage-error.ts';
import { walk } from './walk.ts';
import { writeAll } from './write-all.ts';

interface ReadOptions {
  range?: ByteRange;
  pieceBytes?: number;
  signal?: AbortSignal;
}

/** How often a part is made again when its directory vanishes under it: another process is pruning empty directories. */
const openAttempts = 5;

class FileStore implements ObjectStore {
  readonly url: string;
  readonly place: string;
  readonly capabilities: StoreCapabilities = { durableAppend: true };
  readonly #root: string;
  readonly #directories: DurableDirectories;
  readonly #fileMode: number;

  constructor(root: string, place: string, fileMode: number) {
    this.place = place;
    this.#root = root;
    this.#fileMode = fileMode;
    this.url = pathToFileURL(root).href;
    this.#directories = new DurableDirectories(root, directoryMode(fileMode));
  }

  async get(
    key: string,
    options: { range?: ByteRange; maxBytes?: number; signal?: AbortSignal } = {},
  ): Promise<Uint8Array> {
    const handle = await this.#openToRead(key, this.#path(key));
    try {
      const { size } = await handle.stat();
      const { start, end } = resolveRange(key, size, options.range);
      assertWithin(key, end - start, options.maxBytes);
      return await readRange(handle, key, { start, end }, options.signal);
    } catch (error) {
      throw storageError(error, this.url, key, 'read');
    } finally {
      await handle.close();
    }
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const handle = await this.#openToRead(key, this.#path(key));
    try {
      const { size } = await handle.stat();
      const range = resolveRange(key, size, options.range);
      yield* readPieces(handle, key, { ...options, range });
    } catch (error) {
      throw storageError(error, this.url, key, 'read');
    } finally {
      await handle.close();
    }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const path = this.#path(key);
    try {
      const found = await stat(path);
      return found.isFile()
        ? { key, size: found.size, modifiedMs: Math.trunc(found.mtimeMs) }
        : undefined;
    } catch (error) {
      if (!isMissing(error)) throw storageError(error, this.url, key, 'read the attributes of');
      await this.#assertRoot();
      return undefined;
    }
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const path = this.#path(key);
    const directory = posix.dirname(key);
    try {
      // Only a shortcut: link() decides.
      if ((await this.head(key)) !== undefined) return await this.#existing(key);
      // A name of its own, so that what a killed process left is never in the way of the next attempt.
      const temporary = `${path}.${randomBytes(8).toString('hex')}${partEnding}`;
      const handle = await this.#createPart(temporary, directory);
      try {
        await writeAll(handle, [bytes]);
        await handle.datasync();
        await linkOnce(temporary, path);
        await syncDirectory(join(this.#root, directory));
        return 'created';
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
        return await this.#existing(key);
      } finally {
        await handle.close();
        await removeFile(temporary);
      }
    } catch (error) {
      throw storageError(error, this.url, key, 'publish');
    }
  }

  async openWriter(key: string): Promise<ObjectWriter> {
    const finalPath = this.#path(key);
    const partPath = finalPath + partEnding;
    const directory = posix.dirname(key);
    if ((await this.head(key)) !== undefined) throw objectExists(key, 'object');
    try {
      const handle = await this.#createPart(partPath, directory);
      const place = {
        key,
        repository: this.url,
        directory: join(this.#root, directory),
        partPath,
        finalPath,
        onEmptied: () => this.#directories.removeEmpty(directory),
      };
      try {
        await syncDirectory(place.directory);
      } catch (error) {
        await handle.close();
        throw error;
      }
      return new FileWriter(place, handle);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw objectExists(key, 'unfinished object', error);
      throw storageError(error, this.url, key, 'start');
    }
  }

  async *list(prefix: string, options: { startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    for await (const info of this.#walk(prefix, options.startAfter)) {
      if (!info.key.endsWith(partEnding)) yield info;
    }
  }

  async *listParts(prefix: string): AsyncGenerator<ObjectInfo> {
    for await (const info of this.#walk(prefix, undefined)) {
      if (!info.key.endsWith(partEnding)) continue;
      const key = info.key.slice(0, -partEnding.length);
      if (key.startsWith(prefix)) yield { ...info, key };
    }
  }

  async *readPart(
    key: string,
    options: { pieceBytes?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<Uint8Array> {
    const handle = await this.#openToRead(key, this.#path(key) + partEnding);
    try {
      yield* readPieces(handle, key, options);
    } catch (error) {
      throw storageError(error, this.url, key, 'read the part of');
    } finally {
      await handle.close();
    }
  }

  async deletePart(key: string): Promise<void> {
    await this.#remove(key, this.#path(key) + partEnding);
  }

  async delete(key: string): Promise<void> {
    await this.#remove(key, this.#path(key));
  }

  async freeBytes(): Promise<bigint | undefined> {
    try {
      const { bavail, bsize } = await statfs(this.#root, { bigint: true });
      return bavail * bsize;
    } catch (error) {
      throw storageError(error, this.url, undefined, 'read the free space of');
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #path(key: string): string {
    assertKey(key);
    return join(this.#root, key);
  }

  /** That an object exists is only said when it is durable: whoever made it may not have come that far. */
  async #existing(key: string): Promise<'exists'> {
    const path = this.#path(key);
    if ((await stat(path)).isDirectory()) throw keyIsDirectory(key);
    await syncDirectory(dirname(path));
    return 'exists';
  }

  async #createPart(path: string, directory: string): Promise<FileHandle> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#directories.ensure(directory);
        return await this.#create(path);
      } catch (error) {
        if (systemCode(error) !== 'ENOENT' || attempt === openAttempts) throw error;
        await this.#assertRoot();
        this.#directories.forget(directory);
      }
    }
  }

  async #create(path: string): Promise<FileHandle> {
    const handle = await open(path, 'wx', this.#fileMode);
    if (this.#fileMode === defaultFileMode) return handle;
    try {
      // A mode that was asked for holds whatever the umask.
      await handle.chmod(this.#fileMode);
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #openToRead(key: string, path: string): Promise<FileHandle> {
    try {
      const handle = await open(path, 'r');
      if ((await handle.stat()).isFile()) return handle;
      await handle.close();
    } catch (error) {
      if (!isMissing(error)) throw storageError(error, this.url, key, 'read');
      await this.#assertRoot();
      throw objectNotFound(key, error);
    }
    throw objectNotFound(key);
  }

  async *#walk(prefix: string, startAfter: string | undefined): AsyncGenerator<ObjectInfo> {
    assertPrefix(prefix);
    await this.#assertRoot();
    try {
      yield* walk(this.#root, { prefix, ...(startAfter === undefined ? {} : { startAfter }) });
    } catch (error) {
      throw storageError(error, this.url, undefined, 'list');
    }
  }

  async #remove(key: string, path: string): Promise<void> {
    try {
      await removeFile(path);
      await this.#directories.removeEmpty(posix.dirname(key));
    } catch (error) {
      throw storageError(error, this.url, key, 'remove');
    }
  }

  /** A missing file means nothing when the whole repository is gone (its disk unmounted): that must not look like an empty one. */
  async #assertRoot(): Promise<void> {
    await assertRoot(this.#root, this.url);
  }
}

/**
 * Opens a directory as a store. Objects are plain files below it; objects under way end in `.part`.
 *
 * What is published is durable: the file is synced, then linked to its name (which never replaces another), then the directory is synced.
 * A deletion may be undone by a power cut.
 *
 * @param options.create - Make the directory, with its parents, when it is missing.
 * @param options.fileMode - Permissions of new files; directories are searchable for whoever can read the files. Default: 0600, so 0700.
 * @throws KOPS_REPOSITORY_NOT_FOUND when it is missing; KOPS_USAGE when it is not a directory; KOPS_CONFIG with `create` when its
 * file system cannot make directory entries durable.
 */
export async function openFileStore(
  directory: string,
  options: { create?: boolean; fileMode?: number } = {},
): Promise<ObjectStore> {
  const root = posix.resolve(directory);
  const url = pathToFileURL(root).href;
  const { create = false, fileMode = defaultFileMode } = options;
  if (create) await makeRoot(root, url, directoryMode(fileMode));
  const { dev, ino } = await assertRoot(root, url);
  return new FileStore(root, `${String(dev)}:${String(ino)}`, fileMode);
}
