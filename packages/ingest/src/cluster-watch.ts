import { toKopsError, type Clock } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { Outage } from './outage.ts';

/** Between two questions to the cluster, in ms. With {@link answerMs} less than the 5 s in which an outage is told. */
const askEveryMs = 1_000;
/** A cluster that has not answered after so long counts as lost, in ms: its connections may stay open and silent. */
const answerMs = 3_000;

/** What {@link watchCluster} works with. */
export interface ClusterWatch {
  readonly kafka: Pick<KafkaClient, 'probe'>;
  readonly clock: Clock;
  readonly outage: Outage;
  /** Called after each question. */
  readonly onAsked: () => void;
  readonly signal: AbortSignal;
}

/** Asks a cluster for a sign of life until the signal is aborted: clients retry for a minute without a word. Never rejects. */
export async function watchCluster({
  kafka,
  clock,
  outage,
  onAsked,
  signal,
}: ClusterWatch): Promise<void> {
  const isEnded = (): boolean => signal.aborted;
  while (!isEnded()) {
    try {
      await kafka.probe({ timeoutMs: answerMs, signal });
      outage.back('probe');
    } catch (thrown) {
      if (isEnded()) return;
      const error = toKopsError(thrown);
      // Any other error is an answer: the work itself meets it.
      if (error.code === 'KOPS_KAFKA_UNREACHABLE') outage.lost('probe', error);
      else outage.back('probe');
    }
    onAsked();
    // Rejects when the watch ends, which the loop sees.
    await clock.sleep(askEveryMs, signal).catch(() => undefined);
  }
}
