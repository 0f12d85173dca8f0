import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { OffsetRange } from './offset-ranges.ts';
import { makeDirectory, removeFile, replaceFile } from './state/durable-file.ts';

/** A record that Elasticsearch refused: where it is and why, nothing of what it holds. One line of a dead-letter file. */
export interface DeadLetter {
  readonly archive: string;
  readonly topic: string;
  readonly partition: number;
  /** Decimal. */
  readonly offset: string;
  /** Object key. */
  readonly segment: string;
  /** `_id` of the document. */
  readonly id: string;
  readonly index: string;
  /** HTTP status of the document. */
  readonly status: number;
  /** Elasticsearch's name of the error. */
  readonly type: string;
  /** As Elasticsearch worded it, up to the first word that may be of the record. */
  readonly reason: string;
}

const ending = '.ndjson';

/**
 * Files of dead letters, one per segment that has any. What is indexed again replaces the letters of the same offsets, so that
 * none is there twice, and one that went well the next time is gone.
 */
export class DeadLetterFiles {
  readonly #directory: string;
  readonly #names: Set<string>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(directory: string, names: Set<string>) {
    this.#directory = directory;
    this.#names = names;
  }

  static async open(directory: string): Promise<DeadLetterFiles> {
    await makeDirectory(directory);
    const names = await readdir(directory);
    // What a killed process was about to write.
    for (const name of names.filter((found) => !found.endsWith(ending)))
      await rm(join(directory, name), { force: true });
    return new DeadLetterFiles(directory, new Set(names.filter((name) => name.endsWith(ending))));
  }

  /** Replaces the letters of a range by those of a spool, durably, and removes the spool. Resolves with the number that the segment has. */
  async replace(segment: string, range: OffsetRange, spool: string | undefined): Promise<number> {
    if (spool === undefined && !this.#names.has(fileName(segment))) return 0;
    return this.#alone(() => this.#replace(segment, range, spool));
  }

  /** Makes the letters of a segment that name one of these archives name another. */
  async attribute(segment: string, retired: ReadonlySet<string>, archive: string): Promise<void> {
    const name = fileName(segment);
    if (!this.#names.has(name)) return;
    const path = join(this.#directory, name);
    await this.#alone(() => replaceFile(path, attributed(path, retired, archive)));
  }

  async clear(): Promise<void> {
    for (const name of this.#names) await rm(join(this.#directory, name), { force: true });
    this.#names.clear();
  }

  /** One file at a time: these are few, and two pieces of a segment would undo each other. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #replace(segment: string, range: OffsetRange, spool: string | undefined): Promise<number> {
    const name = fileName(segment);
    const path = join(this.#directory, name);
    const old = this.#names.has(name) ? path : undefined;
    let kept = 0;
    async function* lines(): AsyncGenerator<string> {
      for await (const line of linesOf(old)) {
        const offset = BigInt((JSON.parse(line) as DeadLetter).offset);
        if (offset >= range.from && offset < range.to) continue;
        kept++;
        yield `${line}\n`;
      }
      for await (const line of linesOf(spool)) {
        kept++;
        yield `${line}\n`;
      }
    }
    await replaceFile(path, lines());
    this.#names.add(name);
    if (spool !== undefined) await rm(spool, { force: true });
    if (kept === 0) {
      await removeFile(path);
      this.#names.delete(name);
    }
    return kept;
  }
}

/** The dead letters below a directory, segment by segment; none if it is not there. */
export async function* readDeadLetters(directory: string): AsyncGenerator<DeadLetter> {
  const names = await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names.filter((found) => found.endsWith(ending)).sort()) {
    for await (const line of linesOf(join(directory, name))) yield JSON.parse(line) as DeadLetter;
  }
}

async function* attributed(
  path: string,
  retired: ReadonlySet<string>,
  archive: string,
): AsyncGenerator<string> {
  for await (const line of linesOf(path)) {
    const letter = JSON.parse(line) as DeadLetter;
    yield `${JSON.stringify(retired.has(letter.archive) ? { ...letter, archive } : letter)}\n`;
  }
}

async function* linesOf(path: string | undefined): AsyncGenerator<string> {
  if (path === undefined) return;
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
  for await (const line of lines) if (line !== '') yield line;
}

/** A name that fits any file system, whatever the key. */
function fileName(segment: string): string {
  return `${createHash('sha256').update(segment, 'utf8').digest('hex').slice(0, 32)}${ending}`;
}
