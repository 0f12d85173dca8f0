import type { StraddlingTransaction } from '@kops/archive-format';
import type { Offset } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import { isLeftOut } from './generation-cut.ts';
import type { PartitionSink } from './partition-sink.ts';

/**
 * Transactions that straddle a partition's cut, with the outcome of those that have ended.
 *
 * Below a last stable offset every transaction is decided, but its marker may lie beyond the cut, and without the outcome a restore would
 * have to leave committed records out. The leader knows: a read_committed fetch at the transaction's first offset names it if it was aborted.
 */
export async function settleTransactions(
  kafka: KafkaClient,
  sink: PartitionSink,
  cut: { readonly cut: Offset; readonly lastStableOffset: Offset },
): Promise<StraddlingTransaction[]> {
  const settled: StraddlingTransaction[] = [];
  for (const transaction of sink.transactions.straddling(cut.cut)) {
    // At or above the last stable offset it was not decided when the cut was taken.
    const known =
      transaction.outcome !== undefined || transaction.firstOffset >= cut.lastStableOffset;
    // A partition that was given up may not be asked any more.
    settled.push(
      known || isLeftOut(sink) ? transaction : await settle(kafka, sink, transaction, cut.cut),
    );
  }
  return settled;
}

async function settle(
  kafka: KafkaClient,
  sink: PartitionSink,
  transaction: StraddlingTransaction,
  cut: Offset,
): Promise<StraddlingTransaction> {
  const { topic, snapshot, readableFrom = 0n } = sink.plan;
  const { firstOffset } = transaction;
  const fetched = await kafka.fetch({
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
  });
  // The log moved on beneath us (retention, a recreated topic): the outcome stays unknown, and the manifest says so.
  if (fetched.status !== 'ok' || fetched.bytes.length === 0) return transaction;
  const aborted = fetched.abortedTransactions.some(
    (one) => one.producerId === transaction.producerId && one.firstOffset <= firstOffset,
  );
  fetched.release?.();
  // Its marker may have been between the cut and the log start, which nobody can read again.
  if (!aborted && cut < readableFrom) return transaction;
  return { ...transaction, outcome: aborted ? 'aborted' : 'committed' };
}
