import type { Manifest } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { TopicMetadata } from '@kops/kafka';
import type { RestoreTarget } from './execute-options.ts';
import { selectForRestore } from './plan-selection.ts';
import { planTopic } from './plan-topic.ts';
import type { PlannedTopic, RestoreOptions, TargetFacts, TargetTopic } from './plan.ts';
import { probeTarget } from './probe-target.ts';

const dynamic = 'DYNAMIC_TOPIC_CONFIG';

/**
 * Gathers what a plan has to know about the target cluster; changes nothing there.
 * @throws the errors of KafkaClient; KOPS_TOPIC_NOT_FOUND and KOPS_USAGE as planRestore.
 */
export async function inspectTarget(
  kafka: RestoreTarget,
  manifest: Manifest,
  options: RestoreOptions = {},
): Promise<TargetFacts> {
  const selected = selectForRestore(manifest, options);
  const names = new Set(selected.map(({ target }) => target));
  const [cluster, topics, groups] = await Promise.all([
    kafka.describeCluster(),
    kafka.topics(),
    options.groups === 'none' ? [] : kafka.listGroups(),
  ]);
  const wanted = topics.filter(({ name }) => names.has(name));
  const facts: TargetFacts = {
    clusterId: cluster.clusterId,
    brokers: cluster.brokers.length,
    topics: await measureTopics(kafka, wanted),
    groups: groups.map(({ group, state }) => ({ group, state })),
    knownConfigs: null,
    defaults: null,
  };
  const plan = (known: TargetFacts): readonly PlannedTopic[] =>
    selected.map((topic) => planTopic(topic, known, options, undefined).planned);
  const informed = { ...facts, ...(await defaultConfigs(kafka, topics, plan(facts))) };
  return { ...informed, forbidden: await probeTarget(kafka, plan(informed), informed) };
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

/** Topics that are asked what they have by default: each config is likely to be set on none of them. */
const examples = 50;

type Entries =
  ReturnType<RestoreTarget['topicConfigs']> extends Promise<ReadonlyMap<string, infer Found>>
    ? Found
    : never;

/**
 * What a topic has on the target without configs of its own. Brokers tell it by the example of topics; what these do not tell is asked of
 * the controller, which may have other defaults than the brokers.
 */
async function defaultConfigs(
  kafka: RestoreTarget,
  topics: readonly TopicMetadata[],
  planned: readonly PlannedTopic[],
): Promise<Pick<TargetFacts, 'defaults' | 'knownConfigs'>> {
  const known = new Set<string>();
  const defaults = new Map<string, string | null>();
  const take = (entries: Entries): void => {
    for (const { name, value, source } of entries) {
      known.add(name);
      if (source !== dynamic && !defaults.has(name)) defaults.set(name, value);
    }
  };
  const names = topics.slice(0, examples).map(({ name }) => name);
  for (const entries of (await topicConfigsIfAllowed(kafka, names)).values()) take(entries);
  const fresh = planned.find(({ exists }) => !exists);
  if (fresh !== undefined) {
    const { target: name, partitionCount: partitions, replicationFactor } = fresh;
    const topic = { name, partitions, replicationFactor, configs: {} };
    take((await kafka.validateTopics([topic])).get(name)?.configs ?? []);
  }
  return known.size === 0
    ? { defaults: null, knownConfigs: null }
    : { defaults, knownConfigs: [...known].sort() };
}

/** Without the right to look at these topics a restore into others may still be allowed. */
async function topicConfigsIfAllowed(
  kafka: RestoreTarget,
  topics: readonly string[],
): ReturnType<RestoreTarget['topicConfigs']> {
  try {
    return await kafka.topicConfigs(topics);
  } catch (thrown) {
    // One of them may have been deleted meanwhile.
    const isPassable =
      KopsError.is(thrown, 'KOPS_ACCESS_DENIED') || KopsError.is(thrown, 'KOPS_TOPIC_NOT_FOUND');
    if (!isPassable) throw thrown;
    return new Map();
  }
}
