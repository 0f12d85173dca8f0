import type { FileHandle } from 'node:fs/promises';

/**
 * Writes all bytes at the file's position and returns how many there were.
 * The system may take fewer than it is given (a disk that fills up does): the rest is offered again, which then names the reason.
 */
export async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<number> {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  let written = 0;
  let rest = parts;
  while (written < total) {
    const { bytesWritten } = await handle.writev(rest);
    if (bytesWritten === 0)
      throw Object.assign(new Error('the file system accepted no more bytes'), { code: 'EIO' });
    written += bytesWritten;
    if (written < total) rest = dropBytes(rest, bytesWritten);
  }
  return total;
}

/** The parts without their first `count` bytes; views, no copies. */
function dropBytes(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = count;
  for (const part of parts) {
    if (skip < part.length) rest.push(part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return rest;
}
