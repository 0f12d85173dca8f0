import type { StraddlingTransaction } from '@kops/archive-format';
import { decodeControlRecord, type RecordBatchView } from '@kops/record-batch';
import type { AbortedTransactions } from './aborted-transactions.ts';

/** No offset is larger. */
const lastOffset = 2n ** 63n - 1n;

/** Collects what transactional batches of a partition, in offset order, say about its transactions. Memory grows with aborted ones only. */
export class TransactionScan implements AbortedTransactions {
  readonly #open = new Map<bigint, StraddlingTransaction>();
  /** Per producer id: first and last offset of each aborted transaction, flat and ascending. */
  readonly #aborted = new Map<bigint, bigint[]>();
  #abortedCount = 0;

  get abortedCount(): number {
    return this.#abortedCount;
  }

  get open(): readonly StraddlingTransaction[] {
    return [...this.#open.values()].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  }

  /** Takes the next batch of a partition, of which only the slice is shown. */
  addVisible(
    batch: RecordBatchView,
    slice: { readonly start: bigint; readonly end: bigint },
  ): void {
    // A marker beyond the slice belongs to what is not shown.
    if (!batch.isControl || batch.lastOffset < slice.end) this.#add(batch, slice.start);
  }

  #add(batch: RecordBatchView, firstVisible: bigint): void {
    if (!batch.isControl) {
      this.#addData(batch, firstVisible);
      return;
    }
    const { type, offset } = decodeControlRecord(batch);
    if (type === 'other') return;
    const transaction = this.#open.get(batch.producerId);
    this.#open.delete(batch.producerId);
    // A marker without a transaction is normal: another partition had the data, or nothing was written.
    if (transaction !== undefined && type === 'abort') this.#addAborted(transaction, offset);
  }

  /** Takes note of how transactions ended whose markers are beyond the cut, as the manifest knows it. Call it after the last batch. */
  settle(straddling: readonly StraddlingTransaction[]): void {
    for (const { producerId, outcome } of straddling) {
      const transaction = this.#open.get(producerId);
      if (transaction === undefined || outcome === undefined) continue;
      this.#open.delete(producerId);
      if (outcome === 'aborted') this.#addAborted(transaction, lastOffset);
    }
  }

  /** Whether a transaction that began before an offset has not ended yet. */
  hasOpenBefore(offset: bigint): boolean {
    return this.#open.values().some(({ firstOffset }) => firstOffset < offset);
  }

  isAborted(producerId: bigint, offset: bigint): boolean {
    const unfinished = this.#open.get(producerId);
    if (unfinished !== undefined && offset >= unfinished.firstOffset) return true;
    const ranges = this.#aborted.get(producerId);
    return ranges !== undefined && isInside(ranges, offset);
  }

  #addData(batch: RecordBatchView, firstVisible: bigint): void {
    // Compaction keeps empty batches for their producer's sequence: they are part of no transaction any more.
    if (!batch.isTransactional || batch.recordCount === 0 || this.#open.has(batch.producerId))
      return;
    const { producerId, producerEpoch, baseOffset } = batch;
    const firstOffset = baseOffset > firstVisible ? baseOffset : firstVisible;
    this.#open.set(producerId, { producerId, producerEpoch, firstOffset });
  }

  #addAborted({ producerId, firstOffset }: StraddlingTransaction, markerOffset: bigint): void {
    const ranges = this.#aborted.get(producerId) ?? [];
    ranges.push(firstOffset, markerOffset);
    this.#aborted.set(producerId, ranges);
    this.#abortedCount++;
  }
}

/** Whether an offset lies in one of the flat, ascending, inclusive ranges. */
function isInside(ranges: readonly bigint[], offset: bigint): boolean {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[2 * middle + 1] ?? 0n) < offset) low = middle + 1;
    else high = middle;
  }
  const first = ranges[2 * low];
  return first !== undefined && first <= offset;
}
