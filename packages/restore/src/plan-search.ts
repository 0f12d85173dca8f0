import type { PartitionManifest } from '@kops/archive-format';
import type { TopicPartition } from '@kops/core';
import { decodeControlRecord, type RecordBatchView } from '@kops/record-batch';
import type { Archive, LocatedBatch } from '@kops/repository';
import { cutBatch, type CutRules } from './piece.ts';
import type { TimeWindow } from './plan.ts';

/** A partition to search. */
export interface SearchPlace extends TopicPartition {
  readonly shown: PartitionManifest;
  readonly window: TimeWindow | null;
}

/**
 * Whether a restore would write at least one record of a partition.
 * Reads up to the first; segments and batches whose times all lie before the window are passed over.
 */
export async function showsRecord(
  archive: Pick<Archive, 'readBatches' | 'segments'>,
  place: SearchPlace,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { topic, partition, shown, window } = place;
  if (shown.records === 0 || shown.logStart === shown.cut) return false;
  const search = new RecordSearch({
    start: shown.logStart,
    end: shown.cut,
    window,
    transactions: allCommitted,
  });
  for (const segment of (await archive.segments({ topic, partition })).segments) {
    if (!segment.transactional && isTooOld(segment, window)) continue;
    const { start: from, end: to } = segment.slice;
    const range = { topic, partition, from, to, ...(signal === undefined ? {} : { signal }) };
    for await (const located of archive.readBatches(range)) if (search.find(located)) return true;
  }
  return shown.openTransactions.some(
    ({ producerId, outcome }) => outcome === 'committed' && search.waitsFor(producerId),
  );
}

/** How many records of a partition a restore would write. Reads all segments that may have some. */
export async function countShown(
  archive: Pick<Archive, 'readBatches' | 'segments' | 'scanTransactions'>,
  { topic, partition, shown, window }: SearchPlace,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { logStart: start, cut: end } = shown;
  if (shown.records === 0 || start === end) return 0;
  const stop = signal === undefined ? {} : { signal };
  const transactions = await archive.scanTransactions({ topic, partition }, stop);
  let count = 0;
  for (const segment of (await archive.segments({ topic, partition })).segments) {
    if (isTooOld(segment, window)) continue;
    const { start: from, end: to } = segment.slice;
    for await (const located of archive.readBatches({ topic, partition, from, to, ...stop })) {
      if (located.batch.isControl || isTooOld(located.batch, window)) continue;
      count += cutBatch(located, { start, end, window, transactions }).piece?.count ?? 0;
    }
  }
  return count;
}

/** Which transactions were aborted comes to light at their markers only: {@link RecordSearch} waits for those. */
const allCommitted: CutRules['transactions'] = {
  abortedCount: 0,
  open: [],
  isAborted: () => false,
};

/** Looks at the batches of a partition, in offset order, for a record that is restored. Remembers no more than producers with a transaction under way. */
class RecordSearch {
  readonly #rules: CutRules;
  readonly #waiting = new Set<bigint>();

  constructor(rules: CutRules) {
    this.#rules = rules;
  }

  /** Whether it is certain now that there is one. */
  find(located: LocatedBatch): boolean {
    const { batch, segment } = located;
    if (batch.isControl) return batch.lastOffset < segment.slice.end && this.#ends(batch);
    if (isTooOld(batch, this.#rules.window) || cutBatch(located, this.#rules).piece === undefined)
      return false;
    if (batch.isTransactional) this.#waiting.add(batch.producerId);
    return !batch.isTransactional;
  }

  /** Whether a transaction of this producer with such a record has not ended yet. */
  waitsFor(producerId: bigint): boolean {
    return this.#waiting.has(producerId);
  }

  #ends(marker: RecordBatchView): boolean {
    const { type } = decodeControlRecord(marker);
    return type !== 'other' && this.#waiting.delete(marker.producerId) && type === 'commit';
  }
}

function isTooOld(
  { maxTimestamp }: { readonly maxTimestamp: bigint },
  window: TimeWindow | null,
): boolean {
  return window?.from !== undefined && maxTimestamp < window.from;
}
