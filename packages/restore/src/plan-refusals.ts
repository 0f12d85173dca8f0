import { internalTopics } from '@kops/core';
import type { PlannedTopic, Refusal, RestoreOptions, TargetFacts, TargetTopic } from './plan.ts';

/** Why these topics must not be restored into this target. */
export function findRefusals(
  topics: readonly PlannedTopic[],
  target: TargetFacts,
  options: RestoreOptions,
): Refusal[] {
  const existing = new Map(target.topics.map((topic) => [topic.name, topic]));
  return topics.flatMap((topic) => [
    ...refuseTarget(topic, existing.get(topic.target), options),
    ...refuseReplication(topic, target),
    ...refuseForbidden(topic, target),
    ...(options.offsets === 'exact' ? refuseMapped(topic) : []),
  ]);
}

function refuseTarget(
  topic: PlannedTopic,
  existing: TargetTopic | undefined,
  options: RestoreOptions,
): Refusal[] {
  const name = topic.target;
  if (internalTopics.has(name)) {
    return [
      refusal(
        topic,
        `'${name}' is an internal topic of Kafka`,
        'Rename it with --rename, or exclude it with --exclude.',
      ),
    ];
  }
  if (existing === undefined) return [];
  if (existing.partitions !== topic.partitionCount) {
    const counts = `${String(existing.partitions)} partitions, the archive has ${String(topic.partitionCount)}`;
    return [
      refusal(
        topic,
        `topic '${name}' exists with ${counts}`,
        'Delete it, or restore under another name with --rename.',
      ),
    ];
  }
  if (options.resume === true) return [];
  if (existing.offsetsInUse > 0n) {
    return [
      refusal(
        topic,
        `topic '${name}' exists and has records`,
        'Delete it, restore under another name with --rename, or use --resume if an earlier run of this restore wrote them.',
      ),
    ];
  }
  if (existing.maxLogEnd > 0n) {
    return [
      refusal(
        topic,
        `topic '${name}' exists and is empty, but its next offset is ${String(existing.maxLogEnd)}`,
        'Delete it: the restore creates it again, starting at offset 0.',
      ),
    ];
  }
  return [];
}

function refuseReplication(topic: PlannedTopic, target: TargetFacts): Refusal[] {
  if (topic.replicationFactor <= target.brokers) return [];
  const message = `replication factor ${String(topic.replicationFactor)} needs that many brokers, the target has ${String(target.brokers)}`;
  return [refusal(topic, message, 'Use a smaller --replication-factor.')];
}

/** Whatever its configs: a name, a partition count or a replication factor that a policy forbids, or a right that is missing. */
function refuseForbidden(topic: PlannedTopic, target: TargetFacts): Refusal[] {
  const error = target.forbidden?.get(topic.target)?.topic ?? null;
  if (error === null) return [];
  const { code, message, hint = 'Ask the administrator of the target cluster.' } = error;
  return [
    {
      code,
      message: `the target rejects topic '${topic.target}': ${message}`,
      at: { topic: topic.target },
      hint,
    },
  ];
}

function refuseMapped(topic: PlannedTopic): Refusal[] {
  return topic.partitions.flatMap(({ partition, strategy, reasons }) =>
    strategy === 'exact'
      ? []
      : [
          {
            code: 'KOPS_REFUSED' as const,
            message: `offsets of ${topic.source}-${String(partition)} cannot be kept exactly: ${reasons.join(', ')}`,
            at: { topic: topic.source, partition },
            hint: 'Use --offsets auto: kops maps the offsets, and groups continue at the right records.',
          },
        ],
  );
}

function refusal(topic: PlannedTopic, message: string, hint: string): Refusal {
  return { code: 'KOPS_REFUSED', message, at: { topic: topic.target }, hint };
}
