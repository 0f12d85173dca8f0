import type { StraddlingTransaction } from '@kops/archive-format';
import type { Offset } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import { fetchBelow } from '@kops/kafka/read';
import { isLeftOut } from './generation-cut.ts';
import type { PartitionSink } from './partition-sink.ts';

/** Where a partition was cut, and what was decided then. */
interface Ends {
  readonly cut: Offset;
  readonly lastStableOffset: Offset;
}

/**
 * Transactions that straddle a partition's cut, with the outcome of those that have ended.
 *
 * Below a last stable offset every transaction is decided, but its marker may lie beyond the cut, and without the outcome a restore would
 * have to leave committed records out. The leader knows: a read_committed fetch at the transaction's first offset names it if it was aborted.
 */
export async function settleTransactions(
  kafka: KafkaClient,
  sink: PartitionSink,
  cut: Ends,
): Promise<StraddlingTransaction[]> {
  const settled: StraddlingTransaction[] = [];
  for (const transaction of sink.transactions.straddling(cut.cut)) {
    // At or above the last stable offset it was not decided when the cut was taken.
    const known =
      transaction.outcome !== undefined || transaction.firstOffset >= cut.lastStableOffset;
    // A partition that was given up may not be asked any more.
    settled.push(
      known || isLeftOut(sink) ? transaction : await settle(kafka, sink, transaction, cut),
    );
  }
  return settled;
}

async function settle(
  kafka: KafkaClient,
  sink: PartitionSink,
  transaction: StraddlingTransaction,
  { cut, lastStableOffset }: Ends,
): Promise<StraddlingTransaction> {
  const { topic, snapshot, readableFrom = 0n } = sink.plan;
  const { firstOffset } = transaction;
  const request = {
    topic: topic.name,
    partition: snapshot.partition,
    topicId: topic.derivedTopicId ? undefined : topic.topicId,
    // Where the log start has passed it, what is left of the transaction is asked for.
    offset: firstOffset > readableFrom ? firstOffset : readableFrom,
    currentLeaderEpoch: -1,
    // The broker answers with the one batch at the offset: nothing of it is read.
    maxBytes: 1,
    maxWaitMs: 0,
    readCommitted: true,
  };
  const end = lastStableOffset > cut ? lastStableOffset : cut;
  const fetched = await fetchBelow(kafka, request, { end });
  // The log moved on beneath us (retention, compaction, a recreated topic): the outcome stays unknown, and the manifest says so.
  if (fetched.status !== 'ok') return transaction;
  const aborted = fetched.abortedTransactions.some(
    (one) => one.producerId === transaction.producerId && one.firstOffset <= firstOffset,
  );
  fetched.release?.();
  // Its marker may have been between the cut and the log start, which nobody can read again.
  if (!aborted && cut < readableFrom) return transaction;
  return { ...transaction, outcome: aborted ? 'aborted' : 'committed' };
}
