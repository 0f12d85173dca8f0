import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { KopsError, toKopsError } from '@kops/core';

/** How a file is written. */
export interface FileOutputOptions {
  /** Whether a file of this name is replaced. Without it, it is refused. */
  readonly overwrite: boolean;
}

/**
 * A file that appears under its name when all of it is written, and not at all before. What there is of it lies beside, under a name
 * that no other has: two that write the same file do not mix.
 */
export class FileOutput implements AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  readonly #part: string;
  readonly #stream: WriteStream;
  readonly #options: FileOutputOptions;

  private constructor(path: string, part: string, stream: WriteStream, options: FileOutputOptions) {
    this.path = path;
    this.#part = part;
    this.#stream = stream;
    this.#options = options;
  }

  /** @throws KOPS_REFUSED for a file that is there; KOPS_ACCESS_DENIED, KOPS_NO_SPACE, KOPS_USAGE when the place is none */
  static async create(path: string, options: FileOutputOptions): Promise<FileOutput> {
    const target = resolve(path);
    await checkPlace(target, options);
    const part = `${target}.${randomBytes(4).toString('hex')}.new`;
    const stream = createWriteStream(part, { mode: 0o600, flush: true, flags: 'wx' });
    await once(stream, 'open').catch((error: unknown) => cannotWrite(target, error));
    return new FileOutput(target, part, stream, options);
  }

  get stream(): Writable {
    return this.#stream;
  }

  /** Gives the file its name once it is on the disk. @throws KOPS_REFUSED when another file got the name meanwhile */
  async finish(): Promise<void> {
    try {
      const closed = once(this.#stream, 'close');
      this.#stream.end();
      await closed;
      await (this.#options.overwrite ? rename(this.#part, this.path) : this.#nameIfFree());
      await syncFolder(dirname(this.path));
    } catch (error) {
      cannotWrite(this.path, error);
    }
  }

  /** A link takes a name that is free, and no other; a rename would replace. */
  async #nameIfFree(): Promise<void> {
    try {
      await link(this.#part, this.path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw isThere(this.path);
      if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error) ?? '')) throw error;
      // A file system without links.
      await checkPlace(this.path, this.#options);
      await rename(this.#part, this.path);
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
    await rm(this.#part, { force: true });
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const isThere = (path: string): KopsError =>
  new KopsError('KOPS_REFUSED', 'the file exists', {
    at: { object: path },
    hint: 'Use another name, or --overwrite to replace it.',
  });

/** Finds out before the work, and not after it, whether the name can be had. */
async function checkPlace(path: string, { overwrite }: FileOutputOptions): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  const kind = found.isSymbolicLink() ? await stat(path).catch(() => found) : found;
  if (!kind.isFile() && !kind.isSymbolicLink()) {
    throw new KopsError(
      'KOPS_USAGE',
      kind.isDirectory() ? 'this is a directory' : 'this is not a regular file',
      {
        at: { object: path },
        hint: kind.isDirectory()
          ? 'Use the name of a file in it.'
          : 'Use the name of a regular file, or redirect stdout to it.',
      },
    );
  }
  if (!overwrite) throw isThere(path);
}

/** A name is on the disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function cannotWrite(path: string, thrown: unknown): never {
  if (KopsError.is(thrown)) throw thrown;
  const error = toKopsError(thrown);
  throw new KopsError(
    error.code === 'KOPS_UNEXPECTED' ? 'KOPS_USAGE' : error.code,
    `cannot write the file: ${error.message}`,
    {
      at: { object: path },
      hint: 'Use a writable file in an existing directory.',
      cause: thrown,
    },
  );
}
