import type { FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '@kops/core';
import { resolvePieceBytes, resolveRange } from '../byte-range.ts';

/** How a file is read piece by piece. */
interface PieceOptions {
  /** To the end of the file, wherever that is by then, when omitted. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly pieceBytes?: number;
  readonly signal?: AbortSignal;
}

/** Reads a range into new memory. @throws KOPS_OBJECT_CORRUPT when the file ends before the range does. */
export async function readRange(
  handle: FileHandle,
  key: string,
  { start, end }: { start: number; end: number },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  // No Buffer: its slice() is a view where that of Uint8Array is a copy, and callers may rely on the copy.
  const bytes = new Uint8Array(end - start);
  for (let filled = 0; filled < bytes.length;) {
    throwIfAborted(signal);
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) resolveRange(key, start + filled, { start, end });
    filled += bytesRead;
  }
  throwIfAborted(signal);
  return bytes;
}

/**
 * Yields a file in pieces, all in the same memory: a piece is valid until the next is asked for.
 * Every piece but the last is full.
 * @throws KOPS_OBJECT_CORRUPT when the file ends before the range does.
 */
export async function* readPieces(
  handle: FileHandle,
  key: string,
  options: PieceOptions,
): AsyncGenerator<Uint8Array> {
  const pieceBytes = resolvePieceBytes(key, options.pieceBytes);
  const end = options.range?.end ?? Number.MAX_SAFE_INTEGER;
  let position = options.range?.start ?? 0;
  const buffer = new Uint8Array(Math.min(pieceBytes, end - position));
  while (position < end) {
    throwIfAborted(options.signal);
    const wanted = Math.min(buffer.length, end - position);
    const filled = await fill(handle, buffer.subarray(0, wanted), position);
    if (filled < wanted && options.range !== undefined)
      resolveRange(key, position + filled, options.range);
    position += filled;
    if (filled > 0) yield buffer.subarray(0, filled);
    if (filled < wanted) return;
  }
}

async function fill(handle: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(
      buffer,
      filled,
      buffer.length - filled,
      position + filled,
    );
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
