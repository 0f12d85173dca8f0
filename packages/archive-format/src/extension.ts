import type { TopicId } from '@kops/core';

/** What decides whether a partition of an archive may extend its parent's. Times are ms since the epoch. */
export interface ExtensionFacts {
  readonly parentTopicId: TopicId;
  readonly topicId: TopicId;
  /** End of what the parent holds. */
  readonly parentCut: bigint;
  /** When the parent's cut was taken; its start is a safe stand-in, its end is not. */
  readonly parentCutAtMs: number;
  readonly logStart: bigint;
  /** Cut of this capture. */
  readonly cut: bigint;
  /** When this capture ends: ask before reading with an estimate, and again before the commit. */
  readonly endMs: number;
  /** `cleanup.policy` of the topic as Kafka writes it: `delete`, `compact`, `compact,delete`; null where unknown. */
  readonly cleanupPolicy: string | null;
  /** The same when the parent was captured: a topic may have been compacted in between. */
  readonly parentCleanupPolicy: string | null;
  /** `delete.retention.ms`: the smaller of the parent's and the current one; null where unknown. */
  readonly deleteRetentionMs: number | null;
}

/** Why a partition is captured anew from its log start. */
export type BaselineReason =
  | 'topic-recreated'
  | 'log-start-passed'
  | 'cut-before-parent'
  | 'clock-went-back'
  | 'tombstones-may-be-gone';

/** Extend the parent's list, or begin a baseline. */
export type ExtensionDecision =
  | { readonly extend: true }
  | { readonly extend: false; readonly reason: BaselineReason; readonly detail: string };

/**
 * Whether a capture may continue where its parent ended.
 *
 * On compacted topics a tombstone lives only `delete.retention.ms` after it was cleaned the first time. If that much time passed since the parent's cut,
 * one may have come and gone unseen, and the parent's older value of its key would come back at a restore.
 */
export function mayExtend(facts: ExtensionFacts): ExtensionDecision {
  if (facts.topicId !== facts.parentTopicId) {
    return baseline('topic-recreated', `topic id was ${facts.parentTopicId}, is ${facts.topicId}`);
  }
  if (facts.logStart > facts.parentCut) {
    return baseline(
      'log-start-passed',
      `the log starts at ${facts.logStart}, the parent ends at ${facts.parentCut}`,
    );
  }
  if (facts.cut < facts.parentCut) {
    return baseline(
      'cut-before-parent',
      `the cut is at ${facts.cut}, the parent ends at ${facts.parentCut}`,
    );
  }
  return isCompacted(facts.cleanupPolicy) || isCompacted(facts.parentCleanupPolicy)
    ? decideCompacted(facts)
    : { extend: true };
}

function decideCompacted({
  parentCutAtMs,
  endMs,
  deleteRetentionMs,
}: ExtensionFacts): ExtensionDecision {
  const elapsed = endMs - parentCutAtMs;
  if (!(elapsed >= 0))
    return baseline('clock-went-back', `the parent's cut is ${String(-elapsed)} ms in the future`);
  if (deleteRetentionMs === null)
    return baseline('tombstones-may-be-gone', 'delete.retention.ms is unknown');
  if (elapsed < deleteRetentionMs) return { extend: true };
  return baseline(
    'tombstones-may-be-gone',
    `${String(elapsed)} ms since the parent's cut, delete.retention.ms is ${String(deleteRetentionMs)}`,
  );
}

/** An unknown policy may be compaction. */
function isCompacted(policy: string | null): boolean {
  return policy === null || policy.split(',').some((part) => part.trim() === 'compact');
}

function baseline(reason: BaselineReason, detail: string): ExtensionDecision {
  return { extend: false, reason, detail };
}
