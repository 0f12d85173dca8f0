/** Batches up to this size are put into memory that is used again; a larger one gets its own. */
export const blockBytes = 1024 * 1024;

/** Memory that several batches share until the last of them is on the target. */
export interface Block {
  readonly memory: Uint8Array;
  filled: number;
  /** In it and not released yet. */
  batches: number;
}

/** Blocks that are free, for all partitions of a run. Never more than were in use at a time. */
export class BlockPool {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    // Fresh memory costs more than copying into it: the kernel clears each page, and the collector counts it.
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
  }

  give(memory: Uint8Array): void {
    this.#free.push(memory);
  }
}

/** Where a batch is put. */
export interface BatchPlace {
  readonly bytes: Uint8Array;
  readonly block: Block | undefined;
}

/**
 * Memory for the batches of one partition on their way to the broker: what they are read from is gone before they arrive.
 * The copy is deliberate, for the reader goes on meanwhile.
 */
export class BatchMemory {
  readonly #pool: BlockPool;
  #current: Block | undefined;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** Room for a batch, content undefined. */
  place(size: number): BatchPlace {
    if (size > blockBytes) return { bytes: new Uint8Array(size), block: undefined };
    let block = this.#current;
    if (block === undefined || block.filled + size > blockBytes) {
      block = { memory: this.#pool.take(), filled: 0, batches: 0 };
      this.#current = block;
    }
    const start = block.filled;
    block.filled += size;
    block.batches += 1;
    return { bytes: block.memory.subarray(start, block.filled), block };
  }

  /** A batch of this block is not needed any more. */
  release(block: Block): void {
    block.batches -= 1;
    if (block.batches > 0) return;
    if (block === this.#current) block.filled = 0;
    else this.#pool.give(block.memory);
  }

  /** Nothing more is placed. What is still under way keeps its memory. */
  close(): void {
    if (this.#current?.batches === 0) this.#pool.give(this.#current.memory);
    this.#current = undefined;
  }
}
