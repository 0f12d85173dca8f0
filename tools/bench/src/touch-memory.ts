import { open, rm } from 'node:fs/promises';

/** Fills as much of the page cache, by a file that is deleted again. */
export async function touchMemory(
  path: string,
  bytes: number,
  signal?: AbortSignal,
): Promise<void> {
  const chunk = Buffer.alloc(1024 * 1024);
  try {
    await using file = await open(path, 'w');
    for (let written = 0; written < bytes;) {
      signal?.throwIfAborted();
      const length = Math.min(chunk.byteLength, bytes - written);
      const { bytesWritten } = await file.write(chunk, 0, length);
      written += bytesWritten;
    }
  } finally {
    await rm(path, { force: true });
  }
}
