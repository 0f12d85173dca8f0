import fc from 'fast-check';
import type { FileHandle } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { writeAll } from './write-all.ts';

/** A file that takes at most `atOnce` bytes per call. */
function stingyFile(atOnce: number): { handle: FileHandle; taken: () => Buffer } {
  const taken: Buffer[] = [];
  const writev = (parts: readonly Uint8Array[]): Promise<{ bytesWritten: number }> => {
    const offered = Buffer.concat(parts).subarray(0, atOnce);
    taken.push(offered);
    return Promise.resolve({ bytesWritten: offered.length });
  };
  return { handle: { writev } as unknown as FileHandle, taken: () => Buffer.concat(taken) };
}

describe('writeAll', () => {
  it('writes every byte once, however few the system takes at a time', async () => {
    const anyParts = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(anyParts, fc.integer({ min: 1, max: 30 }), async (parts, atOnce) => {
        const file = stingyFile(atOnce);
        const expected = Buffer.concat(parts);
        expect(await writeAll(file.handle, parts)).toBe(expected.length);
        expect(file.taken().equals(expected)).toBe(true);
      }),
    );
  });

  it('fails on a file that takes nothing', async () => {
    await expect(writeAll(stingyFile(0).handle, [new Uint8Array(1)])).rejects.toThrow(
      'no more bytes',
    );
  });
});
