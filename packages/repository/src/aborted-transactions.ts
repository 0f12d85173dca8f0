import type { StraddlingTransaction } from '@kops/archive-format';

/** What a scan found out about the transactions of one partition. */
export interface AbortedTransactions {
  /** Transactions that were aborted. */
  readonly abortedCount: number;
  /** Transactions without a marker before the cut, by first visible offset. */
  readonly open: readonly StraddlingTransaction[];
  /** Whether a transactional record of this producer at this offset was aborted, or its transaction not finished. */
  isAborted(producerId: bigint, offset: bigint): boolean;
}
