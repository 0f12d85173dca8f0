import { open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { KopsError, toKopsError } from '@kops/core';
import { z } from 'zod';
import { replaceFile } from './durable-file.ts';
import { IndexState, type StateChange } from './index-state.ts';
import { decodeChanges, encodeChanges, parseLine } from './state-line.ts';

const version = 1;

/** Changes beyond those that are needed, after which the file is written anew. */
const maxSpareEntries = 10_000;

interface LoadedState {
  readonly state: IndexState;
  /** Changes in the file, and its header. */
  readonly entries: number;
  /** Bytes of good lines; what follows is what a crash left of the last. */
  readonly bytes: number;
}

/**
 * Reads a state, without owning it: it may be written to meanwhile. An absent file is an empty state.
 * @throws KOPS_OBJECT_CORRUPT, KOPS_FORMAT_UNSUPPORTED
 */
export async function loadState(path: string, repository: string): Promise<LoadedState> {
  const file = await readIfThere(path);
  const state = new IndexState();
  let entries = 0;
  let bytes = 0;
  for (let number = 1; ; number++) {
    const end = file.indexOf(0x0a, bytes);
    if (end === -1) return { state, entries, bytes };
    const line = file.toString('utf8', bytes, end);
    const isLast = end + 1 === file.byteLength;
    if (number === 1) checkHeader(line, path, repository);
    const changes = number === 1 ? [] : decodeChanges(line);
    if (changes === undefined) {
      // Nothing was done yet on the strength of what was not synced: a power cut may leave gaps in it.
      if (isLast) return { state, entries, bytes };
      throw damaged(path, number);
    }
    for (const change of changes) state.apply(change);
    entries += number === 1 ? 1 : changes.length;
    bytes = end + 1;
  }
}

async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw toKopsError(error);
  }
}

function checkHeader(line: string, path: string, repository: string): void {
  const header = z
    .looseObject({ version: z.number(), repository: z.string() })
    .safeParse(parseLine(line));
  if (!header.success) throw damaged(path, 1);
  if (header.data.version !== version) {
    throw new KopsError(
      'KOPS_FORMAT_UNSUPPORTED',
      `${path} was written by a newer indexer (state version ${header.data.version})`,
      { hint: 'Upgrade kops, or delete the file to rebuild the catalog.' },
    );
  }
  if (header.data.repository !== repository) throw damaged(path, 1);
}

function damaged(path: string, line: number): KopsError {
  return new KopsError('KOPS_OBJECT_CORRUPT', `line ${line} of ${path} is damaged`, {
    at: { object: path },
    hint: 'Delete the file. The indexer then indexes all archives again; documents that are correct stay as they are.',
  });
}

interface Waiting {
  readonly changes: readonly StateChange[];
  readonly done: PromiseWithResolvers<void>;
}

/**
 * The durable state of an indexer: a file of changes. Those that come while others are synced share the next line and its sync,
 * so that only the last line can be torn. The file is written anew when most of it is of the past.
 */
export class StateFile implements AsyncDisposable {
  readonly #path: string;
  readonly #repository: string;
  readonly #state: IndexState;
  readonly #checkOwner: () => Promise<void>;
  #handle: FileHandle | undefined;
  #entries: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failure: KopsError | undefined;

  private constructor(
    path: string,
    repository: string,
    { state, entries }: LoadedState,
    checkOwner: () => Promise<void>,
  ) {
    this.#path = path;
    this.#checkOwner = checkOwner;
    this.#repository = repository;
    this.#state = state;
    this.#entries = entries;
  }

  /**
   * Opens the file to write to it; its directory must exist, and have no other owner.
   * @param checkOwner called before each write; throws when the directory has another owner by now
   */
  static async open(
    path: string,
    repository: string,
    checkOwner: () => Promise<void> = () => Promise.resolve(),
  ): Promise<StateFile> {
    const loaded = await loadState(path, repository);
    const file = new StateFile(path, repository, loaded, checkOwner);
    if (loaded.entries === 0) await file.#rewrite();
    else {
      await truncate(path, loaded.bytes);
      await file.#reopen();
    }
    return file;
  }

  /** What is known; changed by {@link record} only. */
  get state(): IndexState {
    return this.#state;
  }

  /** Applies changes at once, and resolves when they are durable. @throws KOPS_NO_SPACE and whatever else the disk says. */
  record(changes: readonly StateChange[]): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    for (const change of changes) this.#state.apply(change);
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ changes, done });
    this.#writing ??= this.#write();
    return done.promise;
  }

  /** Forgets everything, durably. */
  async clear(): Promise<void> {
    await this.#writing;
    this.#state.archives.clear();
    this.#state.segments.clear();
    await this.#checkOwner();
    await this.#rewrite();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Writes until nobody waits. Never rejects: each who waits is told. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const page = this.#waiting;
      this.#waiting = [];
      try {
        await this.#append(page.flatMap(({ changes }) => changes));
        for (const { done } of page) done.resolve();
      } catch (error) {
        // What the file holds now is not known: nothing more is written to it.
        this.#failure ??= toKopsError(error);
        for (const { done } of page) done.reject(this.#failure);
      }
    }
    this.#writing = undefined;
  }

  async #append(changes: readonly StateChange[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#checkOwner();
    if (this.#entries > 2 * this.#state.size + maxSpareEntries) {
      // The state has these changes already.
      await this.#rewrite();
      return;
    }
    const handle = this.#handle ?? (await this.#reopen());
    await handle.appendFile(encodeChanges(changes), 'utf8');
    await handle.datasync();
    this.#entries += changes.length;
  }

  async #rewrite(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    await replaceFile(this.#path, this.#encodeAll());
    this.#entries = 1 + this.#state.size;
    await this.#reopen();
  }

  *#encodeAll(): Generator<string> {
    yield `${JSON.stringify({ version, repository: this.#repository })}\n`;
    for (const change of this.#state.changes()) yield encodeChanges([change]);
  }

  async #reopen(): Promise<FileHandle> {
    this.#handle = await open(this.#path, 'a', 0o600);
    return this.#handle;
  }
}
