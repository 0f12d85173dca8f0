import type { SegmentEntry } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import type { BatchRun } from './archive.ts';
import { BatchAssembler } from './batch-assembler.ts';

/** Which bytes of a segment's plaintext to read, and who else looks at them. */
export interface SegmentReadOptions {
  /** Where a batch begins. Default 0. */
  readonly start?: number;
  /** Default: the end of the segment. */
  readonly end?: number;
  /** Default 1 MiB. */
  readonly pieceBytes?: number;
  /** Sees each stored piece once, before the batches in it: hash here, so that the bytes are read once only. The piece is reused afterwards. */
  readonly onPiece?: (piece: Uint8Array) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads a segment as runs of whole batches, in one pass with constant memory. Lengths are checked, nothing else is.
 * @throws KOPS_OBJECT_CORRUPT when the object is longer or shorter than the entry says, or ends inside a batch
 * @throws KOPS_BATCH_CORRUPT at a length that no batch can have; KOPS_OBJECT_NOT_FOUND
 * @throws KOPS_FORMAT_UNSUPPORTED for segments that are compressed or encrypted as a whole
 */
export async function* readSegmentRuns(
  store: ObjectStore,
  segment: SegmentEntry,
  options: SegmentReadOptions = {},
): AsyncGenerator<BatchRun> {
  requirePlain(segment);
  const { start = 0, end = segment.plaintextBytes, onPiece } = options;
  const assembler = new BatchAssembler(start, end);
  let at = start;
  for await (const piece of store.read(segment.key, readOptions(segment, start, end, options))) {
    at += piece.byteLength;
    if (at > end) throw mismatch(segment, `is longer than the archived ${String(end)} bytes`);
    onPiece?.(piece);
    for (const { bytes, position } of assembler.push(piece)) yield { bytes, segment, position };
  }
  if (at !== end)
    throw mismatch(
      segment,
      `ends at byte ${String(at)}, before its archived end at byte ${String(end)}`,
    );
  if (assembler.pendingBytes > 0)
    throw mismatch(segment, `ends inside the batch at byte ${String(assembler.position)}`);
}

/** KOPS_OBJECT_CORRUPT of a segment that is not what its entry says. */
export function mismatch(segment: SegmentEntry, problem: string, offset?: bigint): KopsError {
  return new KopsError('KOPS_OBJECT_CORRUPT', `segment ${problem}`, {
    at: { segment: segment.key, ...(offset === undefined ? {} : { offset }) },
    hint: "Use another copy of the repository. Run 'kops verify' to find all damage.",
  });
}

function readOptions(
  segment: SegmentEntry,
  start: number,
  end: number,
  { pieceBytes, signal }: SegmentReadOptions,
) {
  // Without a range, so that a segment that became longer is noticed.
  const whole = start === 0 && end === segment.plaintextBytes;
  return {
    ...(whole ? {} : { range: { start, end } }),
    ...(pieceBytes === undefined ? {} : { pieceBytes }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function requirePlain(segment: SegmentEntry): void {
  if (segment.key.endsWith('.log') && segment.storedBytes === segment.plaintextBytes) return;
  throw new KopsError(
    'KOPS_FORMAT_UNSUPPORTED',
    'the segment uses outer compression or encryption, which this release cannot read',
    {
      at: { segment: segment.key },
      hint: 'Upgrade kops.',
    },
  );
}
