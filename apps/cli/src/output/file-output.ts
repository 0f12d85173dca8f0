import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { KopsError, toKopsError } from '@kops/core';

/** A file that appears under its name when all of it is written, and not at all before. */
export class FileOutput implements AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  readonly #stream: WriteStream;

  private constructor(path: string, stream: WriteStream) {
    this.path = path;
    this.#stream = stream;
  }

  /** @throws KOPS_ACCESS_DENIED, KOPS_NO_SPACE, KOPS_USAGE when the place is none */
  static async create(path: string): Promise<FileOutput> {
    const target = resolve(path);
    const stream = createWriteStream(partOf(target), { mode: 0o600, flush: true });
    await once(stream, 'open').catch((error: unknown) => cannotWrite(target, error));
    return new FileOutput(target, stream);
  }

  get stream(): Writable {
    return this.#stream;
  }

  /** Gives the file its name once it is on the disk. */
  async finish(): Promise<void> {
    try {
      const closed = once(this.#stream, 'close');
      this.#stream.end();
      await closed;
      await rename(partOf(this.path), this.path);
    } catch (error) {
      cannotWrite(this.path, error);
    }
  }

  /** Takes away what is not finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stream.closed) {
      // Why it could not be written is known by then.
      const closed = once(this.#stream, 'close').catch(() => undefined);
      this.#stream.destroy();
      await closed;
    }
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
