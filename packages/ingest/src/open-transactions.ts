import type { StraddlingTransaction } from '@kops/archive-format';
import type { Offset } from '@kops/core';
import { decodeControlRecord, type RecordBatchView } from '@kops/record-batch';

interface Ended {
  readonly transaction: StraddlingTransaction;
  readonly markerOffset: Offset;
}

/**
 * Follows the transactions of a partition: which have data but no marker yet, and how those ended that a cut may fall into.
 * Memory: one entry per producer with an open transaction, and one per transaction that ended since {@link forgetBelow}.
 */
export class OpenTransactions {
  readonly #open = new Map<bigint, StraddlingTransaction>();
  #ended: Ended[] = [];
  #leastCut: Offset;

  /** @param leastCut no cut below it will be asked for */
  constructor(initial: readonly StraddlingTransaction[] = [], leastCut: Offset = 0n) {
    this.#leastCut = leastCut;
    for (const { producerId, producerEpoch, firstOffset } of initial) {
      this.#open.set(producerId, { producerId, producerEpoch, firstOffset });
    }
  }

  observe(batch: RecordBatchView): void {
    if (!batch.isTransactional) return;
    const { producerId, producerEpoch, baseOffset } = batch;
    if (batch.isControl) this.#end(batch);
    else if (batch.recordCount > 0 && !this.#open.has(producerId)) {
      this.#open.set(producerId, { producerId, producerEpoch, firstOffset: baseOffset });
    }
  }

  /** Transactions with data below the cut and no marker there, by first offset; with their outcome where the marker was seen. */
  straddling(cut: Offset): StraddlingTransaction[] {
    const ended = this.#ended
      .filter(({ markerOffset }) => markerOffset >= cut)
      .map(({ transaction }) => transaction);
    return [...this.#open.values(), ...ended]
      .filter(({ firstOffset }) => firstOffset < cut)
      .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  }

  /** No cut below this offset will be asked for any more. */
  forgetBelow(cut: Offset): void {
    this.#leastCut = cut;
    this.#ended = this.#ended.filter(({ markerOffset }) => markerOffset >= cut);
  }

  #end(marker: RecordBatchView): void {
    const transaction = this.#open.get(marker.producerId);
    const { type } = decodeControlRecord(marker);
    if (transaction === undefined || type === 'other') return;
    this.#open.delete(marker.producerId);
    if (marker.baseOffset < this.#leastCut) return;
    const outcome = type === 'commit' ? 'committed' : 'aborted';
    this.#ended.push({ transaction: { ...transaction, outcome }, markerOffset: marker.baseOffset });
  }
}
