import { sha256Hex } from '@kops/archive-format';
import { KopsError, type Coordinates } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';

/** A document that something trusted names, with its SHA-256 where that says it. */
export interface DocumentRef {
  readonly key: string;
  readonly what: string;
  readonly sha256?: string;
  readonly maxBytes: number;
  readonly at?: Coordinates;
}

/** Reads a whole document and checks that it is the one that was meant. @throws KOPS_MANIFEST_INVALID */
export async function readDocument(
  store: ObjectStore,
  ref: DocumentRef,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const at = { repository: store.url, object: ref.key, ...ref.at };
  let bytes: Uint8Array;
  try {
    bytes = await store.get(ref.key, {
      maxBytes: ref.maxBytes,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (!KopsError.is(error)) throw error;
    if (error.code === 'KOPS_OBJECT_NOT_FOUND') throw damaged(`${ref.what} is missing`, at, error);
    if (error.code === 'KOPS_OBJECT_CORRUPT')
      throw damaged(`${ref.what}: ${error.message}`, at, error);
    throw error;
  }
  if (ref.sha256 === undefined) return bytes;
  const actual = sha256Hex(bytes);
  if (actual === ref.sha256) return bytes;
  throw damaged(`${ref.what} has SHA-256 ${actual} instead of ${ref.sha256} as committed`, at);
}

function damaged(message: string, at: Coordinates, cause?: unknown): KopsError {
  return new KopsError('KOPS_MANIFEST_INVALID', message, {
    at,
    hint: 'Use another copy of the repository, or another archive.',
    ...(cause === undefined ? {} : { cause }),
  });
}
