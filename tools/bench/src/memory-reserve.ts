import { mkdtemp, open, readFile, rm, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a reserve needs of the machine. */
export interface Machine {
  /** Bytes of memory that nobody has. */
  readonly freeBytes: () => Promise<number>;
  /** What is lent before anybody took some. */
  readonly aheadBytes: number;
  /** Between two looks, in ms. */
  readonly pollMs: number;
}

const mebibyte = 1024 * 1024;
/** What is left to others. */
const maxShare = 1 / 3;

const linux: Machine = {
  freeBytes: async () => {
    const kilobytes = /^MemFree: +(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1];
    if (kilobytes === undefined) throw new Error('/proc/meminfo does not say what is free');
    return Number(kilobytes) * 1024;
  },
  aheadBytes: 512 * mebibyte,
  pollMs: 20,
};

/**
 * Memory that the kernel has from its host, kept busy until it is needed.
 *
 * A virtual machine that gives free memory back pays several times what a page costs for every page that it takes again, and a
 * measurement would show that and little else. While a reserve lends, what others take of the free memory becomes free again.
 *
 * It is kept as the page cache of a file on disk, in pieces as large as those that files are written in: of shared memory, whose
 * pieces are single pages, the page cache of other files took nothing.
 */
export class MemoryReserve implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #machine: Machine;
  readonly #stop = new AbortController();
  #held: number;
  #lending: Promise<void> | undefined;

  private constructor(file: FileHandle, held: number, machine: Machine) {
    this.#file = file;
    this.#held = held;
    this.#machine = machine;
  }

  /** Takes `bytes`, or what the machine can spare, by a file in `folder`. */
  static async fill(
    folder: string,
    bytes: number,
    signal: AbortSignal,
    machine = linux,
  ): Promise<MemoryReserve> {
    const { bavail, bsize } = await statfs(folder);
    const spare = Math.min(bavail * bsize, await machine.freeBytes()) * maxShare;
    const file = await nameless(folder);
    try {
      const chunk = Buffer.alloc(mebibyte);
      let held = 0;
      for (; held + mebibyte <= Math.min(bytes, spare); held += mebibyte) {
        signal.throwIfAborted();
        await file.writeFile(chunk);
      }
      // Else the disk is busy with it while others are measured.
      await file.sync();
      return new MemoryReserve(file, held, machine);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes that are kept. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Begins to lend: some at once, and from then on what is taken. */
  async lend(): Promise<void> {
    await this.#release(this.#machine.aheadBytes);
    const level = await this.#machine.freeBytes();
    this.#lending = this.#follow(level).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
    // Told when it is disposed of.
    this.#lending.catch(() => undefined);
  }

  async #follow(level: number): Promise<void> {
    const { signal } = this.#stop;
    while (this.#held > 0) {
      await sleep(this.#machine.pollMs, undefined, { signal });
      const taken = level - (await this.#machine.freeBytes());
      if (taken >= mebibyte) await this.#release(taken);
    }
  }

  async #release(bytes: number): Promise<void> {
    this.#held = Math.max(0, this.#held - bytes);
    await this.#file.truncate(this.#held);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    try {
      await this.#lending;
    } finally {
      await this.#file.close();
    }
  }
}

/** A file without a name: whatever becomes of this process, nothing is left. */
async function nameless(folder: string): Promise<FileHandle> {
  const place = await mkdtemp(join(folder, 'reserve-'));
  try {
    return await open(join(place, 'memory'), 'wx+');
  } finally {
    await rm(place, { recursive: true });
  }
}
