import { createHash } from 'node:crypto';
import { KopsError, type Coordinates } from '@kops/core';
import type { z } from 'zod';
import { JsonDamage, parseJson, toCanonicalBytes } from './canonical-json.ts';
import {
  commitSchema,
  manifestSchema,
  repositorySchema,
  type Commit,
  type Manifest,
  type RepositoryInfo,
  type SegmentList,
} from './schema.ts';
import { readSegmentListJson } from './segment-list-json.ts';
import { isSealed, openSealed, toSealedBytes } from './self-checksum.ts';
import { ShapeError } from './shape.ts';

/** Versions of the repository format that this build reads and writes. */
export const supportedVersions: readonly number[] = [1];

/** Largest documents that are read, in bytes: what is larger is damage or an attack. */
export const documentLimits = {
  repository: 64 * 1024,
  commit: 8 * 1024 * 1024,
  manifest: 256 * 1024 * 1024,
  segmentList: 384 * 1024 * 1024,
} as const;

const maxDepth = 32;

/** SHA-256 as 64 lower-case hex digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Stored form of `repository.json`, with the SHA-256 of its content, because nothing refers to it;
 * the same value always gives the same bytes, fields not known here included.
 */
export function encodeRepositoryInfo(info: RepositoryInfo): Uint8Array {
  return toSealedBytes(info);
}

/** Stored form of a manifest; the same value always gives the same bytes, fields not known here included. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return toCanonicalBytes(manifest);
}

/** Stored form of a segment list; see {@link encodeManifest}. */
export function encodeSegmentList(list: SegmentList): Uint8Array {
  return toCanonicalBytes(list);
}

/** Stored form of a commit, with the SHA-256 of its content, because nothing refers to the last one; see {@link encodeRepositoryInfo}. */
export function encodeCommit(commit: Commit): Uint8Array {
  return toSealedBytes(commit);
}

/** @throws KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID also when one byte is not as it was written */
export function decodeRepositoryInfo(bytes: Uint8Array, at: Coordinates = {}): RepositoryInfo {
  return decode(bytes, at, {
    what: 'repository.json',
    maxBytes: documentLimits.repository,
    saysChecksum: true,
    read: bySchema(repositorySchema),
    hint: 'Use another copy of the repository, or restore repository.json from another copy or a backup. Archives do not depend on its content.',
  });
}

/** @throws KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID with the path inside the JSON */
export function decodeManifest(bytes: Uint8Array, at: Coordinates = {}): Manifest {
  return decode(bytes, at, {
    what: 'manifest',
    maxBytes: documentLimits.manifest,
    read: bySchema(manifestSchema),
  });
}

/** @throws KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID with the path inside the JSON */
export function decodeSegmentList(bytes: Uint8Array, at: Coordinates = {}): SegmentList {
  return decode(bytes, at, {
    what: 'segment list',
    maxBytes: documentLimits.segmentList,
    read: readSegmentListJson,
  });
}

/** @throws KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID also when one byte is not as it was written */
export function decodeCommit(bytes: Uint8Array, at: Coordinates = {}): Commit {
  return decode(bytes, at, {
    what: 'commit',
    maxBytes: documentLimits.commit,
    saysChecksum: true,
    read: bySchema(commitSchema),
    hint: 'Use another copy of the repository: kops cannot verify commits that follow a damaged one.',
  });
}

/** How documents of one kind are read. */
interface DocumentKind<T> {
  readonly what: string;
  readonly maxBytes: number;
  readonly read: (json: unknown) => T;
  /** Whether it carries its own checksum. It is looked at before the version, which may be what is damaged. */
  readonly saysChecksum?: boolean;
  readonly hint?: string;
}

function decode<T>(bytes: Uint8Array, at: Coordinates, kind: DocumentKind<T>): T {
  const { what, maxBytes, read, saysChecksum = false } = kind;
  const invalid = (message: string, cause: Error): KopsError =>
    new KopsError('KOPS_MANIFEST_INVALID', message, { at, hint: kind.hint ?? anyHint, cause });
  try {
    if (bytes.byteLength > maxBytes)
      throw new JsonDamage(
        `has ${String(bytes.byteLength)} bytes; the limit is ${String(maxBytes)}`,
      );
    const parsed = parseJson(bytes, maxDepth);
    const json = saysChecksum && isSealed(parsed) ? openSealed(parsed, bytes) : parsed;
    refuseOtherVersions(what, json, at);
    if (saysChecksum && json === parsed) throw new JsonDamage('has no checksum (SHA-256)');
    return read(json);
  } catch (error) {
    if (error instanceof ShapeError)
      throw invalid(`${what} is damaged at ${formatPath(error.path)}: ${error.message}`, error);
    if (error instanceof JsonDamage) throw invalid(`${what} ${error.message}`, error);
    throw error;
  }
}

const anyHint =
  "Read it from another copy of the repository, or use another archive; 'kops verify' shows what else is damaged.";

/** A version from the future is not damage, and nothing else of such a document is looked at. */
function refuseOtherVersions(what: string, json: unknown, at: Coordinates): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return;
  const { version } = json as { version?: unknown };
  if (
    typeof version !== 'number' ||
    !Number.isInteger(version) ||
    version < 1 ||
    supportedVersions.includes(version)
  )
    return;
  throw new KopsError(
    'KOPS_FORMAT_UNSUPPORTED',
    `${what} has format version ${String(version)}; this release supports ${supportedVersions.join(', ')}`,
    { at, hint: 'Upgrade kops to a release that supports this version.' },
  );
}

function bySchema<T>(schema: z.ZodType<T>): (json: unknown) => T {
  return (json) => {
    const result = schema.safeParse(json);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw new ShapeError(issue?.path ?? [], issue?.message ?? 'wrong shape');
  };
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${String(part)}]` : `${text}.${String(part)}`,
    '$',
  );
}
