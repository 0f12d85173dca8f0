import { mayExtend, type TopicConfig } from '@kops/archive-format';
import { configValue } from './cluster-snapshot.ts';

/**
 * FORMAT.md's rule for compacted topics, asked of a stretch of reading: a tombstone lives only `delete.retention.ms` after it was cleaned the first
 * time. What was read first may hold a value whose tombstone was gone before the reading came to it, and a restore would bring the key back.
 * An extension and a baseline are the same in this.
 *
 * @param configs the topic's, as they were at any time in between
 * @param sinceMs when the reading began, ms since the epoch
 * @param untilMs when it had reached its end
 * @returns what is the matter; undefined as long as every tombstone was still there
 */
export function tombstonesGone(
  configs: readonly (readonly TopicConfig[])[],
  sinceMs: number,
  untilMs: number,
): string | undefined {
  const policies = configs.map((one) => configValue(one, 'cleanup.policy'));
  const retentions = configs.map((one) => configValue(one, 'delete.retention.ms'));
  const known = retentions.filter((value) => value !== null).map(Number);
  const isUnknown = policies.includes(null);
  const retentionMs = known.length === configs.length ? Math.min(...known) : null;
  const decision = mayExtend({
    parentTopicId: '',
    topicId: '',
    parentCut: 0n,
    logStart: 0n,
    cut: 0n,
    parentCutAtMs: sinceMs,
    endMs: untilMs,
    cleanupPolicy: isUnknown ? null : policies.join(','),
    parentCleanupPolicy: isUnknown ? null : policies.join(','),
    deleteRetentionMs: retentionMs,
  });
  if (decision.extend) return undefined;
  const retention = retentionMs === null ? 'not known' : String(retentionMs);
  return `the capture took ${String(untilMs - sinceMs)} ms, delete.retention.ms is ${retention}: a restore may bring deleted keys back`;
}
