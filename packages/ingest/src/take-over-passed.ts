import { cutAtLeftovers } from './generation-cut.ts';
import type { PartitionSink } from './partition-sink.ts';
import { leftReadSince, planPassed } from './passed-leftovers.ts';
import type { Leftovers } from './recovery.ts';
import type { TopicWatchScope } from './topic-watch.ts';

/**
 * Commits what dead captures had acknowledged of the backup's topics and what their log starts have passed since: nobody can read it again, and an
 * archive of these partitions as they are now cannot show it. So it gets one of its own, before anything is captured.
 */
export async function takeOverPassed(
  { prepared, partitions, onNotice, commitCut }: TopicWatchScope,
  leftovers: Leftovers,
): Promise<void> {
  const sinks = await partitions.takeOverPassed(
    planPassed(prepared.plans, leftovers, prepared.parents),
  );
  if (sinks.length === 0) return;
  const since = sinks.map(({ plan }) => leftReadSince(plan, leftovers) ?? prepared.startedAtMs);
  const startedAtMs = since.reduce((a, b) => Math.min(a, b));
  const { archive } = await commitCut(cutAtLeftovers(prepared, sinks), startedAtMs);
  partitions.passedArchived(sinks);
  for (const [topic, members] of Map.groupBy(sinks, ({ plan }) => plan.topic.name))
    onNotice('continued', describePassed(topic, members, archive));
}

function describePassed(topic: string, sinks: readonly PartitionSink[], archive: string): string {
  const numbers = sinks.map(({ identity }) => String(identity.partition)).join(', ');
  return `topic ${topic}: Kafka deleted records that an interrupted backup captured (partitions ${numbers}); archive ${archive} contains them`;
}
