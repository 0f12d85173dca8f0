import { createHash } from 'node:crypto';
import type { SegmentEntry } from '@kops/archive-format';
import { toKopsError } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { isFinding } from './finding-log.ts';
import { StructureWalk, type SegmentProblem } from './structure-walk.ts';

/** What reading one segment found out. */
export interface SegmentOutcome {
  readonly key: string;
  /** Stored bytes read. */
  readonly bytes: number;
  readonly batches: number;
  readonly records: number;
  readonly problems: readonly SegmentProblem[];
  /** Problems in all, listed or not. */
  readonly problemCount: number;
}

/** How to read a segment. */
export interface CheckSegmentOptions {
  /** Whether batches are looked at, or only the SHA-256. */
  readonly structure: boolean;
  /** Called with the bytes of each piece. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

const pieceBytes = 1024 * 1024;

/** Reads a segment once, whole, in constant memory: SHA-256 of what is stored and, if asked for, the structure of its batches. */
export async function checkSegment(
  store: ObjectStore,
  segment: SegmentEntry,
  options: CheckSegmentOptions,
): Promise<SegmentOutcome> {
  const problems: SegmentProblem[] = [];
  const isPlain = segment.key.endsWith('.log') && segment.storedBytes === segment.plaintextBytes;
  // Damage that was captured is as it should be: its bytes are compared by their sum, as evidence.
  const isWalked = options.structure && isPlain && segment.damaged !== true;
  const walk = isWalked ? new StructureWalk(segment) : undefined;
  if (options.structure && !isPlain) problems.push(opaque);
  let bytes = 0;
  try {
    bytes = await readWhole(store, segment, { ...options, problems, walk });
  } catch (thrown) {
    const error = toKopsError(thrown);
    if (!isFinding(error)) throw error;
    problems.push({ code: error.code, message: `segment cannot be read: ${error.message}` });
  }
  const structural = walk?.problems ?? [];
  return {
    key: segment.key,
    bytes,
    batches: walk?.batches ?? 0,
    records: walk?.records ?? 0,
    problems: [...problems, ...structural],
    problemCount: problems.length + (walk?.problemCount ?? 0),
  };
}

const opaque: SegmentProblem = {
  code: 'KOPS_FORMAT_UNSUPPORTED',
  message: 'segment is compressed or encrypted as a whole: this release cannot check its batches',
};

interface Reading extends CheckSegmentOptions {
  readonly problems: SegmentProblem[];
  readonly walk: StructureWalk | undefined;
}

async function readWhole(
  store: ObjectStore,
  { key, storedBytes, storedSha256, plaintextBytes, plaintextSha256 }: SegmentEntry,
  { problems, walk, onBytes, signal }: Reading,
): Promise<number> {
  const hash = createHash('sha256');
  let bytes = 0;
  const corrupt = (message: string): void =>
    void problems.push({ code: 'KOPS_OBJECT_CORRUPT', message: `segment ${message}` });
  for await (const piece of store.read(key, {
    pieceBytes,
    ...(signal === undefined ? {} : { signal }),
  })) {
    bytes += piece.byteLength;
    onBytes?.(piece.byteLength);
    if (bytes > storedBytes) {
      corrupt(`is longer than the ${storedBytes} bytes it was archived with`);
      return bytes;
    }
    hash.update(piece);
    walk?.push(piece);
  }
  if (bytes < storedBytes) corrupt(`has ${bytes} bytes, it was archived with ${storedBytes}`);
  const actual = hash.digest('hex');
  if (actual !== storedSha256)
    corrupt(`has SHA-256 ${actual}, it was archived with ${storedSha256}`);
  // Of a segment that is stored as it is, both sums are of the same bytes.
  if (storedBytes === plaintextBytes && key.endsWith('.log') && plaintextSha256 !== storedSha256)
    corrupt(
      `has two different SHA-256 sums in its list: stored ${storedSha256}, plaintext ${plaintextSha256}`,
    );
  walk?.end();
  return bytes;
}
