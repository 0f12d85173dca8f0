import type { LeaderEpoch } from './schema.ts';

/** A leader's answer to OffsetForLeaderEpoch: the largest epoch it knows up to the one asked for, and where that epoch ends. */
export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: bigint;
}

/** How what is archived relates to the log as it is now. */
export type LineageRelation =
  | { readonly relation: 'same' }
  /** Offsets from `truncatedAt` on were replaced: the archived ones are of another lineage. */
  | { readonly relation: 'truncated'; readonly truncatedAt: bigint }
  /** The leader could not say. Not a truncation: ask again or start a baseline. */
  | { readonly relation: 'unknown'; readonly reason: string };

/**
 * Compares archived leader epochs with a leader's answers, as a follower does (KIP-101, KIP-279):
 * from the newest archived epoch back to the first that both know; there the shorter of the two ends is the point of divergence.
 *
 * @param archivedEpochs ascending history of the archived lineage
 * @param archivedEnd offset after the last archived one
 * @param lookup the leader's answer for an epoch; undefined where it had none (epoch or end offset -1)
 */
export function relateLineage(
  archivedEpochs: readonly LeaderEpoch[],
  archivedEnd: bigint,
  lookup: (epoch: number) => EpochEnd | undefined,
): LineageRelation {
  let index = archivedEpochs.length - 1;
  while (index >= 0) {
    const epoch = archivedEpochs[index]?.epoch ?? -1;
    const answer = epoch < 0 ? undefined : lookup(epoch);
    if (answer === undefined)
      return { relation: 'unknown', reason: `the leader has no answer for epoch ${String(epoch)}` };
    if (answer.epoch > epoch) {
      return {
        relation: 'unknown',
        reason: `the leader answered epoch ${String(answer.epoch)} when asked for ${String(epoch)}`,
      };
    }
    while (index >= 0 && (archivedEpochs[index]?.epoch ?? -1) > answer.epoch) index--;
    if (archivedEpochs[index]?.epoch === answer.epoch) {
      const ownEnd = archivedEpochs[index + 1]?.startOffset ?? archivedEnd;
      const shared = answer.endOffset < ownEnd ? answer.endOffset : ownEnd;
      return shared >= archivedEnd
        ? { relation: 'same' }
        : { relation: 'truncated', truncatedAt: shared };
    }
  }
  const reason =
    archivedEpochs.length === 0
      ? 'no leader epochs are archived'
      : 'the leader knows none of the archived epochs';
  return { relation: 'unknown', reason };
}

/**
 * Continues a history of leader epochs with what was captured after it.
 * As in a broker's own epoch cache, a newer entry removes those it contradicts: with its epoch or a later one, or from its offset on.
 */
export function mergeLeaderEpochs(
  history: readonly LeaderEpoch[],
  additions: readonly LeaderEpoch[],
): LeaderEpoch[] {
  const merged = history.map((entry) => ({ ...entry }));
  for (const addition of additions) {
    const last = merged.at(-1);
    if (last?.epoch === addition.epoch && last.startOffset <= addition.startOffset) continue;
    while (contradicts(merged.at(-1), addition)) merged.pop();
    merged.push({ ...addition });
  }
  return merged;
}

function contradicts(entry: LeaderEpoch | undefined, addition: LeaderEpoch): boolean {
  return (
    entry !== undefined &&
    (entry.epoch >= addition.epoch || entry.startOffset >= addition.startOffset)
  );
}

/** The history below an offset: what stays of it when a log is truncated there. */
export function truncateLeaderEpochs(
  history: readonly LeaderEpoch[],
  endOffset: bigint,
): LeaderEpoch[] {
  return history.filter((entry) => entry.startOffset < endOffset).map((entry) => ({ ...entry }));
}
