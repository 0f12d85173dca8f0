import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryReserve, type Machine } from './memory-reserve.ts';

const { signal } = new AbortController();
const mebibyte = 1024 * 1024;
let folder: string;
let machine: Machine;
let free: number;

beforeEach(async () => {
  free = 300 * mebibyte;
  folder = await mkdtemp(join(tmpdir(), 'memory-reserve-'));
  machine = { freeBytes: async () => free, aheadBytes: 10 * mebibyte, pollMs: 1 };
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A reserve that has lent its first part. */
async function lending(bytes: number): Promise<MemoryReserve> {
  const reserve = await MemoryReserve.fill(folder, bytes, signal, machine);
  await reserve.lend();
  return reserve;
}

describe('MemoryReserve', () => {
  it('gives what others take, once, and the rest at its end', async () => {
    await using reserve = await lending(60 * mebibyte);
    expect(reserve.heldBytes).toBe(50 * mebibyte);
    free -= 30 * mebibyte;
    await vi.waitFor(() => expect(reserve.heldBytes).toBeLessThanOrEqual(20 * mebibyte));
    // Free again, as it was.
    free += 30 * mebibyte;
    const { heldBytes } = reserve;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(reserve.heldBytes).toBe(heldBytes);
    free = 0;
    await vi.waitFor(() => expect(reserve.heldBytes).toBe(0));
  });

  it('takes no more than a third of what is free, and has no name', async () => {
    free = 30 * mebibyte;
    await using reserve = await MemoryReserve.fill(folder, 20 * mebibyte, signal, machine);
    expect(reserve.heldBytes).toBe(10 * mebibyte);
    expect(await readdir(folder)).toEqual([]);
  });

  it('stops when it is told to', async () => {
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(MemoryReserve.fill(folder, mebibyte, aborted, machine)).rejects.toThrow('enough');
  });

  it('tells at its end that what is free could not be read', async () => {
    const reserve = await MemoryReserve.fill(folder, 60 * mebibyte, signal, machine);
    let reads = 0;
    vi.spyOn(machine, 'freeBytes').mockImplementation(async () => {
      if (reads++ > 0) throw new Error('unreadable');
      return free;
    });
    await reserve.lend();
    await vi.waitFor(() => expect(reads).toBeGreaterThan(1));
    await expect(reserve[Symbol.asyncDispose]()).rejects.toThrow('unreadable');
  });
});
