import type { Manifest } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { TopicMetadata } from '@kops/kafka';
import type { RestoreTarget } from './execute-options.ts';
import { selectForRestore } from './plan-selection.ts';
import type { RestoreOptions, TargetFacts, TargetTopic } from './plan.ts';

/**
 * Gathers what a plan has to know about the target cluster; changes nothing there.
 * @throws the errors of KafkaClient; KOPS_TOPIC_NOT_FOUND and KOPS_USAGE as planRestore.
 */
export async function inspectTarget(
  kafka: RestoreTarget,
  manifest: Manifest,
  options: RestoreOptions = {},
): Promise<TargetFacts> {
  const names = new Set(selectForRestore(manifest, options).map(({ target }) => target));
  const [cluster, topics, groups] = await Promise.all([
    kafka.describeCluster(),
    kafka.topics(),
    options.groups === 'none' ? [] : kafka.listGroups(),
  ]);
  const wanted = topics.filter(({ name }) => names.has(name));
  return {
    clusterId: cluster.clusterId,
    brokers: cluster.brokers.length,
    topics: await measureTopics(kafka, wanted),
    groups: groups.map(({ group, state }) => ({ group, state })),
    knownConfigs: await knownConfigs(kafka, topics),
  };
}

async function measureTopics(
  kafka: RestoreTarget,
  topics: readonly TopicMetadata[],
): Promise<TargetTopic[]> {
  const places = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition }) => ({ topic: name, partition })),
  );
  if (places.length === 0) return [];
  const [starts, ends] = await Promise.all([
    kafka.listOffsets(places, 'earliest'),
    kafka.listOffsets(places, 'latest'),
  ]);
  let index = 0;
  return topics.map(({ name, partitions }) => {
    let offsetsInUse = 0n;
    let maxLogEnd = 0n;
    // The places stand in the order of topics and partitions.
    for (const last = index + partitions.length; index < last; index++) {
      const end = ends[index] ?? 0n;
      offsetsInUse += end - (starts[index] ?? 0n);
      if (end > maxLogEnd) maxLogEnd = end;
    }
    return { name, partitions: partitions.length, offsetsInUse, maxLogEnd };
  });
}

/** Brokers tell which configs they know only by the example of a topic. */
async function knownConfigs(
  kafka: RestoreTarget,
  topics: readonly TopicMetadata[],
): Promise<string[] | null> {
  const example = topics[0]?.name;
  if (example === undefined) return null;
  const entries = (await topicConfigsIfAllowed(kafka, example)).get(example);
  return entries === undefined || entries.length === 0
    ? null
    : entries.map(({ name }) => name).sort();
}

/** Without the right to look at that topic a restore into others may still be allowed. */
async function topicConfigsIfAllowed(
  kafka: RestoreTarget,
  topic: string,
): ReturnType<RestoreTarget['topicConfigs']> {
  try {
    return await kafka.topicConfigs([topic]);
  } catch (thrown) {
    if (!KopsError.is(thrown, 'KOPS_ACCESS_DENIED')) throw thrown;
    return new Map();
  }
}
