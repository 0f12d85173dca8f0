import { open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { isErrorCode, KopsError, toKopsError } from '@kops/core';
import { z } from 'zod';
import { replaceFile } from './durable-file.ts';
import { IndexState, type StateChange } from './index-state.ts';

const version = 1;

/** Lines beyond those that are needed, after which the file is written anew. */
const maxSpareLines = 10_000;

const rangesSchema = z.array(
  z
    .tuple([z.string(), z.string()])
    .transform(([from, to]) => ({ from: BigInt(from), to: BigInt(to) })),
);
const failureSchema = z.object({
  code: z.string().refine(isErrorCode),
  message: z.string(),
});
const changeSchema = z.union([
  z.strictObject({
    archive: z.strictObject({
      archive: z.string(),
      status: z.enum(['begun', 'incomplete', 'done']),
      failure: failureSchema.exactOptional(),
    }),
  }),
  z.strictObject({
    segment: z.strictObject({
      segment: z.string(),
      archive: z.string(),
      documented: z.boolean(),
      cluster: z.string(),
      topicId: z.string(),
      topic: z.string(),
      partition: z.number(),
      covered: rangesSchema,
      written: rangesSchema,
      order: z.number(),
      documents: z.number(),
      deadLetters: z.number(),
      failure: failureSchema.exactOptional(),
    }),
  }),
  z.strictObject({ forgetArchive: z.string() }),
  z.strictObject({ forgetSegment: z.string() }),
]);

/** A change as a line: ranges are pairs of decimal strings. */
function encodeChange(change: StateChange): string {
  return `${JSON.stringify(change, (key, value: unknown) =>
    key === 'covered' || key === 'written'
      ? (value as { from: bigint; to: bigint }[]).map(({ from, to }) => [String(from), String(to)])
      : value,
  )}\n`;
}

interface LoadedState {
  readonly state: IndexState;
  /** Lines of the file. */
  readonly lines: number;
  /** Bytes of whole lines; what follows is what a crash left of one. */
  readonly bytes: number;
}

/**
 * Reads a state, without owning it: it may be written to meanwhile. An absent file is an empty state.
 * @throws KOPS_OBJECT_CORRUPT, KOPS_FORMAT_UNSUPPORTED
 */
export async function loadState(path: string, repository: string): Promise<LoadedState> {
  const text = await readIfThere(path);
  const whole = text.subarray(0, text.lastIndexOf(0x0a) + 1);
  const lines = whole.toString('utf8').split('\n').slice(0, -1);
  const state = new IndexState();
  const [header, ...changes] = lines;
  if (header === undefined) return { state, lines: 0, bytes: 0 };
  checkHeader(header, path, repository);
  for (const [index, line] of changes.entries()) state.apply(decodeChange(line, path, index + 2));
  return { state, lines: lines.length, bytes: whole.byteLength };
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
    .safeParse(parse(line));
  if (!header.success) throw damaged(path, 1);
  if (header.data.version !== version) {
    throw new KopsError(
      'KOPS_FORMAT_UNSUPPORTED',
      `${path} is the state of an indexer of version ${header.data.version}`,
      { hint: 'Upgrade kops, or delete the file: the catalog is then rebuilt.' },
    );
  }
  if (header.data.repository !== repository) throw damaged(path, 1);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    // Reported with its number by who asked.
    return undefined;
  }
}

function decodeChange(line: string, path: string, number: number): StateChange {
  const change = changeSchema.safeParse(parse(line));
  if (!change.success) throw damaged(path, number);
  return change.data;
}

function damaged(path: string, line: number): KopsError {
  return new KopsError('KOPS_OBJECT_CORRUPT', `line ${line} of ${path} is damaged`, {
    at: { object: path },
    hint: 'Delete the file: the indexer then indexes everything again, which changes nothing that is right.',
  });
}

interface Waiting {
  readonly changes: readonly StateChange[];
  readonly done: PromiseWithResolvers<void>;
}

/**
 * The durable state of an indexer: a file of changes, each line one, of which only the last can be torn. Changes that come
 * while others are synced share the next sync. The file is written anew when most of it is of the past.
 */
export class StateFile implements AsyncDisposable {
  readonly #path: string;
  readonly #repository: string;
  readonly #state: IndexState;
  #handle: FileHandle | undefined;
  #lines: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failure: KopsError | undefined;

  private constructor(path: string, repository: string, { state, lines }: LoadedState) {
    this.#path = path;
    this.#repository = repository;
    this.#state = state;
    this.#lines = lines;
  }

  /** Opens the file to write to it; its directory must exist, and have no other owner. */
  static async open(path: string, repository: string): Promise<StateFile> {
    const loaded = await loadState(path, repository);
    const file = new StateFile(path, repository, loaded);
    if (loaded.lines === 0) await file.#rewrite();
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
    if (this.#lines > 2 * this.#state.size + maxSpareLines) {
      // The state has these changes already.
      await this.#rewrite();
      return;
    }
    const handle = this.#handle ?? (await this.#reopen());
    await handle.appendFile(changes.map(encodeChange).join(''), 'utf8');
    await handle.datasync();
    this.#lines += changes.length;
  }

  async #rewrite(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    await replaceFile(this.#path, this.#encodeAll());
    this.#lines = 1 + this.#state.size;
    await this.#reopen();
  }

  *#encodeAll(): Generator<string> {
    yield `${JSON.stringify({ version, repository: this.#repository })}\n`;
    for (const change of this.#state.changes()) yield encodeChange(change);
  }

  async #reopen(): Promise<FileHandle> {
    this.#handle = await open(this.#path, 'a', 0o600);
    return this.#handle;
  }
}
