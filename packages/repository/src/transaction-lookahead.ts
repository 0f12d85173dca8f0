import type { StraddlingTransaction } from '@kops/archive-format';
import type { AbortedTransactions } from './aborted-transactions.ts';
import type { LocatedBatch } from './archive.ts';
import { TransactionScan } from './scan-transactions.ts';

/** The transactional batches of a partition from an offset on, in runs. Segments are asked for one by one. */
export type TransactionalRuns = AsyncGenerator<Iterable<LocatedBatch>>;

/**
 * Finds out how the transactions of a partition ended, no further ahead than is asked for, and reads no batch twice.
 * Where a transaction begins is of no matter, so it can start at any offset.
 */
export class TransactionLookahead implements AsyncDisposable {
  readonly #runs: TransactionalRuns;
  readonly #straddling: readonly StraddlingTransaction[];
  readonly #scan = new TransactionScan();
  /** Offset after the last batch that was looked at. */
  #position = 0n;
  #isAtEnd = false;

  constructor(runs: TransactionalRuns, straddling: readonly StraddlingTransaction[]) {
    this.#runs = runs;
    this.#straddling = straddling;
  }

  /** Reads on until every transaction that began before `to` has ended, or the archive has. What it returns is good for offsets before `to`. */
  async reach(to: bigint): Promise<AbortedTransactions> {
    while (!this.#isAtEnd && (this.#position < to || this.#scan.hasOpenBefore(to))) {
      const next = await this.#runs.next();
      if (next.done === true) {
        this.#isAtEnd = true;
        this.#scan.settle(this.#straddling);
        break;
      }
      for (const { batch, segment } of next.value) {
        this.#scan.addVisible(batch, segment.slice);
        this.#position = batch.lastOffset + 1n;
      }
    }
    return this.#scan;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runs.return(undefined);
  }
}
