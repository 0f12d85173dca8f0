import { unlink, type FileHandle } from 'node:fs/promises';
import type { KopsError } from '@kops/core';
import type { ObjectInfo, ObjectWriter } from '../port.ts';
import { objectExists } from '../store-error.ts';
import { WriterGate } from '../writer-gate.ts';
import { syncDirectory } from './durable-directories.ts';
import { linkOnce } from './link-once.ts';
import { isMissing, storageError, systemCode } from './storage-error.ts';
import { writeAll } from './write-all.ts';

/** Where a writer writes. */
export interface FileWriterPlace {
  readonly key: string;
  /** For errors. */
  readonly repository: string;
  readonly directory: string;
  readonly partPath: string;
  readonly finalPath: string;
  /** Called after the part was removed without a final object. */
  readonly onEmptied: () => Promise<void>;
}

/** An object under way in a file: one descriptor, no buffers of its own. */
export class FileWriter implements ObjectWriter {
  readonly #place: FileWriterPlace;
  readonly #handle: FileHandle;
  readonly #gate: WriterGate;
  #size = 0;
  // Below 0: also an object without bytes is synced once.
  #syncedSize = -1;

  /** Takes over a new, empty part whose directory entry is durable. */
  constructor(place: FileWriterPlace, handle: FileHandle) {
    this.#place = place;
    this.#handle = handle;
    this.#gate = new WriterGate(place.key);
  }

  get key(): string {
    return this.#place.key;
  }

  get size(): number {
    return this.#size;
  }

  append(parts: readonly Uint8Array[]): Promise<void> {
    return this.#gate.run(async () => {
      try {
        this.#size += await writeAll(this.#handle, parts);
      } catch (error) {
        throw this.#locate(error, 'append to');
      }
    });
  }

  sync(): Promise<void> {
    return this.#gate.sync(() => this.#sync());
  }

  publish(): Promise<ObjectInfo> {
    return this.#gate.publish(async () => {
      const { key, directory, partPath, finalPath } = this.#place;
      await this.#sync();
      try {
        await linkOnce(partPath, finalPath);
        // Durable under the new name before the old one goes: after a power cut at least one of them is there.
        await syncDirectory(directory);
        const { mtimeMs } = await this.#handle.stat();
        await unlink(partPath);
        this.#gate.markEnded();
        await this.#handle.close();
        return { key, size: this.#size, modifiedMs: Math.trunc(mtimeMs) };
      } catch (error) {
        const exists = systemCode(error) === 'EEXIST';
        throw exists ? objectExists(key, 'object', error) : this.#locate(error, 'publish');
      }
    });
  }

  suspend(): Promise<void> {
    return this.#gate.end(async () => {
      try {
        await this.#handle.close();
      } catch (error) {
        throw this.#locate(error, 'close');
      }
    });
  }

  discard(): Promise<void> {
    return this.#gate.end(async () => {
      try {
        await this.#handle.close();
        await unlink(this.#place.partPath);
        await this.#place.onEmptied();
      } catch (error) {
        if (!isMissing(error)) throw this.#locate(error, 'remove the part of');
      }
    });
  }

  async #sync(): Promise<void> {
    const size = this.#size;
    if (size === this.#syncedSize) return;
    try {
      await this.#handle.datasync();
    } catch (error) {
      throw this.#locate(error, 'sync');
    }
    this.#syncedSize = size;
  }

  #locate(error: unknown, action: string): KopsError {
    return storageError(error, this.#place.repository, this.#place.key, action);
  }
}
