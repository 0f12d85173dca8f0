import { createReadStream } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { cleanedUp, KopsError, toKopsError, type Offset } from '@kops/core';
import { joinRuns, mapWithinRun, type MappingRun, type OffsetMapping } from './offset-mapping.ts';

/*
 * A mapping as text, a line each: the header; runs as `source start,target start,count`, ascending; at last `end,<log end of the target>`,
 * without which the restore of the partition did not finish.
 */
const header = 'source,target,count\n';
const flushChars = 64 * 1024;

/** How far a mapping is: bytes of closed runs, and the run that may still grow. */
export interface MappingPosition {
  readonly bytes: number;
  readonly open: MappingRun | null;
}

/** Position of a mapping without runs. */
export const mappingStart: MappingPosition = { bytes: header.length, open: null };

/** Writes the mapping of one partition, holding no more than a buffer of it. */
export class MappingWriter implements AsyncDisposable {
  readonly #file: FileHandle;
  #written: number;
  #pending = '';
  #open: MappingRun | null;

  private constructor(file: FileHandle, position: MappingPosition) {
    this.#file = file;
    this.#written = position.bytes;
    this.#open = position.open;
  }

  /** Opens a mapping at a position it once had; what was written after it is cut off. */
  static async openAt(path: string, position: MappingPosition): Promise<MappingWriter> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const isNew = position.bytes === mappingStart.bytes;
    const file = await open(path, isNew ? 'w' : 'r+', 0o600);
    try {
      if (isNew) await file.write(header, 0);
      const { size } = await file.stat();
      if (size < position.bytes)
        throw damaged(path, `has ${String(size)} bytes, expected ${String(position.bytes)}`);
      await file.truncate(position.bytes);
      return new MappingWriter(file, position);
    } catch (thrown) {
      throw await cleanedUp(thrown, () => file.close());
    }
  }

  /** Whether so much waits to be written that {@link write} should be called. */
  get isFull(): boolean {
    return this.#pending.length >= flushChars;
  }

  /** Where it is now, closed runs in the buffer included. */
  get position(): MappingPosition {
    return { bytes: this.#written + this.#pending.length, open: this.#open };
  }

  /** Adds a run after all others. */
  append(run: MappingRun): void {
    const joined = joinRuns(this.#open ?? undefined, run);
    if (joined !== undefined) {
      this.#open = joined;
      return;
    }
    this.#closeRun();
    this.#open = run;
  }

  /** Empties the buffer. Runs may be added meanwhile. */
  async write(): Promise<void> {
    const text = this.#pending;
    const at = this.#written;
    this.#pending = '';
    this.#written += text.length;
    await this.#file.write(text, at);
  }

  /** Makes all closed runs durable. */
  async flush(): Promise<void> {
    await this.write();
    await this.#file.datasync();
  }

  /** Writes the end. Durable when it resolves. */
  async finish(targetEnd: Offset): Promise<void> {
    this.#closeRun();
    this.#pending += `end,${String(targetEnd)}\n`;
    await this.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #closeRun(): void {
    if (this.#open === null) return;
    const { sourceStart, targetStart, count } = this.#open;
    this.#pending += `${String(sourceStart)},${String(targetStart)},${String(count)}\n`;
    this.#open = null;
  }
}

type MappingLine = MappingRun | { readonly targetEnd: Offset };

async function* readLines(path: string): AsyncGenerator<MappingLine> {
  const input = createReadStream(path, 'utf8');
  try {
    let isFirst = true;
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (isFirst && `${line}\n` !== header) throw damaged(path, 'has no valid header');
      if (!isFirst) yield parseLine(path, line);
      isFirst = false;
    }
  } catch (thrown) {
    const missing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing
      ? new KopsError('KOPS_OBJECT_NOT_FOUND', `the offset mapping ${path} does not exist`, {
          cause: thrown,
        })
      : toKopsError(thrown);
  } finally {
    input.destroy();
  }
}

function parseLine(path: string, line: string): MappingLine {
  const end = /^end,(\d{1,19})$/.exec(line);
  if (end?.[1] !== undefined) return { targetEnd: BigInt(end[1]) };
  const run = /^(\d{1,19}),(\d{1,19}),(\d{1,19})$/.exec(line);
  if (run?.[1] === undefined || run[2] === undefined || run[3] === undefined)
    throw damaged(path, `has the invalid line '${line.slice(0, 80)}'`);
  return { sourceStart: BigInt(run[1]), targetStart: BigInt(run[2]), count: BigInt(run[3]) };
}

/** Reads the mapping of one partition that a restore wrote, all of it into memory. @throws KOPS_OBJECT_NOT_FOUND, KOPS_OBJECT_CORRUPT */
export async function readOffsetMapping(path: string): Promise<OffsetMapping> {
  const runs: MappingRun[] = [];
  for await (const line of readLines(path)) {
    if ('targetEnd' in line) return { runs, targetEnd: line.targetEnd };
    runs.push(line);
  }
  throw damaged(path, 'is incomplete: the restore did not finish');
}

/**
 * Translates many offsets in one pass over the file; memory grows with the offsets, not with the mapping.
 * @throws KOPS_OBJECT_NOT_FOUND, KOPS_OBJECT_CORRUPT
 */
export async function mapOffsets(
  path: string,
  offsets: Iterable<Offset>,
): Promise<ReadonlyMap<Offset, Offset>> {
  const sorted = [...new Set(offsets)].sort((a, b) => (a < b ? -1 : 1));
  const mapped = new Map<Offset, Offset>();
  let next = 0;
  for await (const line of readLines(path)) {
    const isEnd = 'targetEnd' in line;
    for (let source = sorted[next]; source !== undefined; source = sorted[++next]) {
      const target = isEnd ? line.targetEnd : mapWithinRun(line, source);
      if (target === undefined) break;
      mapped.set(source, target);
    }
    if (isEnd) return mapped;
  }
  throw damaged(path, 'is incomplete: the restore did not finish');
}

function damaged(path: string, what: string): KopsError {
  return new KopsError('KOPS_OBJECT_CORRUPT', `the offset mapping ${path} ${what}`, {
    at: { object: path },
    hint: 'Restore the topic again: this writes the mapping again.',
  });
}
