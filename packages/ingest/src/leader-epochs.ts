import type { LeaderEpoch } from '@kops/archive-format';
import type { Offset } from '@kops/core';

/** Leader epochs of a segment without those that had ended at an offset: what was taken in before knows them. */
export function stillInForce(epochs: readonly LeaderEpoch[], at: Offset): readonly LeaderEpoch[] {
  const first = epochs.findLastIndex(({ startOffset }) => startOffset <= at);
  return first <= 0 ? epochs : epochs.slice(first);
}
