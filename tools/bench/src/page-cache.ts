import { createReadStream } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const chunkBytes = 1024 * 1024;

/**
 * Makes the kernel ask its host for so much memory, and frees it: a virtual machine gives free memory back, and whoever needs it next
 * pays several times what writing to it costs. Done by a file that is deleted again.
 */
export async function touchMemory(path: string, bytes: number, signal: AbortSignal): Promise<void> {
  const chunk = Buffer.alloc(chunkBytes);
  try {
    await using file = await open(path, 'w');
    for (let written = 0; written < bytes;) {
      signal.throwIfAborted();
      const { bytesWritten } = await file.write(chunk, 0, Math.min(chunkBytes, bytes - written));
      written += bytesWritten;
    }
  } finally {
    await rm(path, { force: true });
  }
}

/** Reads every file below a folder, so that the next who reads them finds them in the page cache. A folder that is not there has none. */
export async function readIntoCache(folder: string, signal: AbortSignal): Promise<void> {
  for (const path of await filesBelow(folder)) {
    const stream = createReadStream(path, { highWaterMark: chunkBytes, signal });
    for await (const _ of stream) signal.throwIfAborted();
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
