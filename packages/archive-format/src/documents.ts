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

/** Stored form of `repository.json`; the same value always gives the same bytes, fields not known here included. */
export function encodeRepositoryInfo(info: RepositoryInfo): Uint8Array {
  return toCanonicalBytes(info);
}

/** Stored form of a manifest; see {@link encodeRepositoryInfo}. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return toCanonicalBytes(manifest);
}

/** Stored form of a segment list; see {@link encodeRepositoryInfo}. */
export function encodeSegmentList(list: SegmentList): Uint8Array {
  return toCanonicalBytes(list);
}

/** Stored form of a commit; see {@link encodeRepositoryInfo}. */
export function encodeCommit(commit: Commit): Uint8Array {
  return toCanonicalBytes(commit);
}

/** @throws KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID with the path inside the JSON */
export function decodeRepositoryInfo(bytes: Uint8Array, at: Coordinates = {}): RepositoryInfo {
  return decode(
    'repository.json',
    bytes,
    documentLimits.repository,
    at,
    bySchema(repositorySchema),
  );
}

/** @throws KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID with the path inside the JSON */
export function decodeManifest(bytes: Uint8Array, at: Coordinates = {}): Manifest {
  return decode('manifest', bytes, documentLimits.manifest, at, bySchema(manifestSchema));
}

/** @throws KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID with the path inside the JSON */
export function decodeSegmentList(bytes: Uint8Array, at: Coordinates = {}): SegmentList {
  return decode('segment list', bytes, documentLimits.segmentList, at, readSegmentListJson);
}

/** @throws KOPS_FORMAT_UNSUPPORTED, KOPS_MANIFEST_INVALID with the path inside the JSON */
export function decodeCommit(bytes: Uint8Array, at: Coordinates = {}): Commit {
  return decode('commit', bytes, documentLimits.commit, at, bySchema(commitSchema));
}

function decode<T>(
  what: string,
  bytes: Uint8Array,
  limit: number,
  at: Coordinates,
  read: (json: unknown) => T,
): T {
  try {
    if (bytes.byteLength > limit)
      throw new JsonDamage(
        `has ${String(bytes.byteLength)} bytes, at most ${String(limit)} are allowed`,
      );
    const json = parseJson(bytes, maxDepth);
    refuseOtherVersions(what, json, at);
    return read(json);
  } catch (error) {
    if (error instanceof ShapeError)
      throw invalid(`${what} is damaged at ${formatPath(error.path)}: ${error.message}`, at, error);
    if (error instanceof JsonDamage) throw invalid(`${what} ${error.message}`, at, error);
    throw error;
  }
}

function invalid(message: string, at: Coordinates, cause: Error): KopsError {
  return new KopsError('KOPS_MANIFEST_INVALID', message, {
    at,
    hint: "Read it from another copy of the repository, or use another archive; 'kops verify' shows what else is damaged.",
    cause,
  });
}

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
    `${what} has format version ${String(version)}, this kops supports ${supportedVersions.join(', ')}`,
    { at, hint: 'Upgrade kops to a release that reads this version.' },
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
