import { createHash } from 'node:crypto';
import { KopsError } from '@kops/core';
import { archiveIdSchema } from './schema.ts';

/** Where a repository says that it is one. */
export const repositoryKey = 'repository.json';

/** Shard of the commit log when nothing else is configured. */
export const defaultShard = 'main';

const digits20 = (value: bigint | number): string => value.toString().padStart(20, '0');

/** Which partition of which life of a topic. `topicId` is 32 hex digits. */
export interface PartitionIdentity {
  /** Cluster id as the cluster says it: any string. */
  readonly clusterId: string;
  readonly topicId: string;
  readonly partition: number;
}

/** What a segment's key says. */
export interface SegmentKeyParts {
  /** The cluster id in its path form: {@link clusterPathName}. */
  readonly cluster: string;
  readonly topicId: string;
  readonly partition: number;
  readonly token: string;
  readonly baseOffset: bigint;
}

/** `manifests/<archive id>.json` */
export function manifestKey(archiveId: string): string {
  return `manifests/${requireName(archiveId, archiveIdSchema.safeParse(archiveId).success, 'archive id')}.json`;
}

/** `lists/<sha256>.json` */
export function listKey(sha256: string): string {
  return `lists/${requireName(sha256, /^[0-9a-f]{64}$/.test(sha256), 'SHA-256')}.json`;
}

/** `commits/<shard>/` */
export function commitPrefix(shard: string): string {
  return `commits/${requireName(shard, /^[0-9a-z][0-9a-z-]{0,63}$/.test(shard), 'shard')}/`;
}

/** `commits/<shard>/<20-digit sequence>.json` */
export function commitKey(shard: string, sequence: number): string {
  return `${commitPrefix(shard)}${digits20(sequence)}.json`;
}

/** Shard and sequence of a commit's key; undefined for any other key. */
export function parseCommitKey(key: string): { shard: string; sequence: number } | undefined {
  const match = /^commits\/([0-9a-z][0-9a-z-]{0,63})\/([0-9]{20})\.json$/.exec(key);
  if (match === null) return undefined;
  const sequence = Number(match[2]);
  return Number.isSafeInteger(sequence) ? { shard: match[1] ?? '', sequence } : undefined;
}

/** `pins/<id>.json` */
export function pinKey(id: string): string {
  return `pins/${requireName(id, /^[0-9a-z][0-9a-z-]{0,63}$/.test(id), 'pin id')}.json`;
}

/**
 * A cluster id as one path segment. Kafka's own ids (22 URL-safe base64 characters) stay as they are if they do not start with `-`;
 * anything else becomes `h.` and the hex SHA-256 of its UTF-8. The dot keeps both kinds apart.
 */
export function clusterPathName(clusterId: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(clusterId)) return clusterId;
  return `h.${createHash('sha256').update(clusterId, 'utf8').digest('hex')}`;
}

/** `segments/<cluster>/<topic id>/<partition>/` */
export function segmentsPrefix({ clusterId, topicId, partition }: PartitionIdentity): string {
  requireName(topicId, /^[0-9a-f]{32}$/.test(topicId), 'topic id');
  requireName(String(partition), Number.isInteger(partition) && partition >= 0, 'partition');
  return `segments/${clusterPathName(clusterId)}/${topicId}/${String(partition)}/`;
}

/** `segments/<cluster>/<topic id>/<partition>/<token>/<20-digit base offset>.log`; Kafka's tools need the number alone as file name. */
export function segmentKey(
  parts: PartitionIdentity & { readonly token: string; readonly baseOffset: bigint },
): string {
  requireName(parts.token, /^[0-9a-z]{8,64}$/.test(parts.token), 'segment token');
  requireName(String(parts.baseOffset), parts.baseOffset >= 0n, 'base offset');
  return `${segmentsPrefix(parts)}${parts.token}/${digits20(parts.baseOffset)}.log`;
}

const segmentKeyPattern =
  /^segments\/([A-Za-z0-9_][A-Za-z0-9_-]{0,63}|h\.[0-9a-f]{64})\/([0-9a-f]{32})\/(0|[1-9][0-9]{0,9})\/([0-9a-z]{8,64})\/([0-9]{20})\.log$/;

/** Parts of a segment's key; undefined for any other key. */
export function parseSegmentKey(key: string): SegmentKeyParts | undefined {
  const match = segmentKeyPattern.exec(key);
  if (match === null) return undefined;
  const [, cluster = '', topicId = '', partition = '', token = '', baseOffset = ''] = match;
  return { cluster, topicId, partition: Number(partition), token, baseOffset: BigInt(baseOffset) };
}

/** Names from outside never become paths: what is not of the expected form stops here. */
function requireName(name: string, valid: boolean, what: string): string {
  if (valid) return name;
  throw new KopsError('KOPS_USAGE', `'${name.slice(0, 100)}' is not a valid ${what}`, {
    hint: `Use a ${what} in the form that docs/FORMAT.md describes.`,
  });
}
