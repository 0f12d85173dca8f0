import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const chunkBytes = 1024 * 1024;

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
