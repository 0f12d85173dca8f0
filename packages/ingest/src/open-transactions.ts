import type { StraddlingTransaction } from '@kops/archive-format';
import type { Offset } from '@kops/core';
import type { RecordBatchView } from '@kops/record-batch';

/** Follows which transactions of a partition have data but no marker yet. Memory: one entry per producer with an open transaction. */
export class OpenTransactions {
  readonly #open = new Map<bigint, { producerEpoch: number; firstOffset: Offset }>();

  constructor(initial: readonly StraddlingTransaction[] = []) {
    for (const { producerId, producerEpoch, firstOffset } of initial) this.#open.set(producerId, { producerEpoch, firstOffset });
  }

  observe(batch: RecordBatchView): void {
    if (!batch.isTransactional) return;
    if (batch.isControl) this.#open.delete(batch.producerId);
    else if (!this.#open.has(batch.producerId)) {
      this.#open.set(batch.producerId, { producerEpoch: batch.producerEpoch, firstOffset: batch.baseOffset });
    }
  }

  /** Open ones, by first offset. */
  list(): StraddlingTransaction[] {
    return [...this.#open]
      .map(([producerId, open]) => ({ producerId, ...open }))
      .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  }
}
