import { KopsError } from '@kops/core';
import type { ByteRange } from './port.ts';

/** Default of the largest object that is read into memory whole. */
export const defaultMaxBytes = 64 * 1024 * 1024;

/** Default size of the pieces of a stream. */
export const defaultPieceBytes = 1024 * 1024;

/**
 * The range in bytes of an object of `size`.
 * @throws KOPS_USAGE for a range that no object can have; KOPS_OBJECT_CORRUPT when the object ends before the range does.
 */
export function resolveRange(
  key: string,
  size: number,
  range: ByteRange | undefined,
): { start: number; end: number } {
  const start = range?.start ?? 0;
  const end = range?.end ?? size;
  const isRange =
    Number.isSafeInteger(start) &&
    start >= 0 &&
    (range?.end === undefined || (Number.isSafeInteger(end) && end >= start));
  if (!isRange) {
    throw new KopsError('KOPS_USAGE', `invalid byte range: ${String(start)} to ${String(end)}`, {
      at: { object: key },
      hint: 'Report this defect of kops.',
    });
  }
  if (end > size || start > size) {
    throw new KopsError(
      'KOPS_OBJECT_CORRUPT',
      `object is truncated: ${String(size)} bytes instead of at least ${String(Math.max(start, end))}`,
      {
        at: { object: key },
        hint: "Run 'kops verify', and use another copy of the repository.",
      },
    );
  }
  return { start, end };
}

/** @throws KOPS_OBJECT_CORRUPT when `bytes` is above `maxBytes`. */
export function assertWithin(key: string, bytes: number, maxBytes = defaultMaxBytes): void {
  if (bytes <= maxBytes) return;
  throw new KopsError(
    'KOPS_OBJECT_CORRUPT',
    `object has ${String(bytes)} bytes; the limit for one read is ${String(maxBytes)}`,
    {
      at: { object: key },
      hint: "The object is probably damaged. Run 'kops verify'.",
    },
  );
}

/** The size of pieces to read in. @throws KOPS_USAGE unless it is a positive whole number. */
export function resolvePieceBytes(key: string, pieceBytes = defaultPieceBytes): number {
  if (Number.isSafeInteger(pieceBytes) && pieceBytes > 0) return pieceBytes;
  throw new KopsError('KOPS_USAGE', `not a valid piece size: ${String(pieceBytes)}`, {
    at: { object: key },
    hint: 'Report this defect of kops: the piece size must be at least one byte.',
  });
}
