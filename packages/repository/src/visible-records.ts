import { KopsError, type Coordinates } from '@kops/core';
import { iterateRecords, type KafkaRecord } from '@kops/record-batch';
import type { AbortedTransactions } from './aborted-transactions.ts';
import type { LocatedBatch } from './archive.ts';

/**
 * Records of batches that a consumer sees: inside of the slices, never of control batches,
 * and if transactions are given, none of those aborted or unfinished.
 */
export function* visibleRecords(
  batches: Iterable<LocatedBatch>,
  transactions: AbortedTransactions | undefined,
  at: Coordinates,
): Generator<KafkaRecord> {
  for (const located of batches) {
    if (located.batch.isControl) continue;
    try {
      yield* recordsOf(located, transactions);
    } catch (error) {
      throw KopsError.locate(error, { ...at, segment: located.segment.key });
    }
  }
}

function* recordsOf(
  { batch, segment }: LocatedBatch,
  transactions: AbortedTransactions | undefined,
): Generator<KafkaRecord> {
  const { start, end } = segment.slice;
  const { producerId, isTransactional } = batch;
  for (const record of iterateRecords(batch)) {
    const { offset } = record;
    if (offset < start || offset >= end) continue;
    if (isTransactional && transactions?.isAborted(producerId, offset) === true) continue;
    yield record;
  }
}
