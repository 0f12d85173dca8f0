import { createHash } from 'node:crypto';
import type { TopicId } from '@kops/core';

/** 128 bits as URL-safe base64. */
const lineageCharacters = 22;

/**
 * Short form of cluster id and topic id: the life of a topic that offsets belong to, as 22 URL-safe characters.
 * A topic that was deleted and created again has another.
 */
export function lineageId(clusterId: string, topicId: TopicId): string {
  const input = JSON.stringify(['kops lineage 1', clusterId, topicId]);
  return createHash('sha256').update(input, 'utf8').digest('base64url').slice(0, lineageCharacters);
}

/**
 * `_id` of a record: `<lineage>.<partition>.<offset>`, so that a second indexing of the record replaces the first.
 * Different records have different ids.
 */
export function recordId(lineage: string, partition: number, offset: bigint): string {
  return `${lineage}.${String(partition)}.${String(offset)}`;
}

/** `_id` of anything else: short and URL-safe, whatever its parts hold. */
export function documentId(...parts: readonly (string | number)[]): string {
  return createHash('sha256')
    .update(JSON.stringify(parts), 'utf8')
    .digest('base64url')
    .slice(0, lineageCharacters);
}
