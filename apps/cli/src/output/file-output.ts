import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { KopsError, toKopsError } from '@kops/core';

/** A file that appears under its name when all of it is written, and not at all before. */
export class FileOutput implements AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #stream: Writable;
  #isDone = false;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
    this.#stream = handle.createWriteStream({ autoClose: false });
  }

  /** @throws KOPS_ACCESS_DENIED, KOPS_NO_SPACE, KOPS_USAGE when the place is none */
  static async create(path: string): Promise<FileOutput> {
    const target = resolve(path);
    const handle = await open(partOf(target), 'w', 0o600).catch((error: unknown) =>
      cannotWrite(target, error),
    );
    return new FileOutput(target, handle);
  }

  get stream(): Writable {
    return this.#stream;
  }

  /** Gives the file its name once it is on the disk. */
  async finish(): Promise<void> {
    try {
      this.#stream.end();
      if (!this.#stream.writableFinished) await once(this.#stream, 'finish');
      await this.#handle.sync();
      await this.#handle.close();
      await rename(partOf(this.path), this.path);
      this.#isDone = true;
    } catch (error) {
      cannotWrite(this.path, error);
    }
  }

  /** Takes away what is not finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDone) return;
    this.#stream.destroy();
    // Closed already where renaming failed.
    await this.#handle.close().catch(() => undefined);
    await rm(partOf(this.path), { force: true });
  }
}

const partOf = (path: string): string => `${path}.new`;

function cannotWrite(path: string, thrown: unknown): never {
  const error = toKopsError(thrown);
  throw new KopsError(
    error.code === 'KOPS_UNEXPECTED' ? 'KOPS_USAGE' : error.code,
    `the file cannot be written: ${error.message}`,
    {
      at: { object: path },
      hint: 'Give a file that can be written, in a folder that is there.',
      cause: thrown,
    },
  );
}
