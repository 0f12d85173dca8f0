import { KopsError, mapLimit } from '@kops/core';
import type { NewTopic } from '@kops/kafka';
import type { RestoreTarget } from './execute-options.ts';
import { timestampLimits } from './plan-configs.ts';
import type { ForbiddenConfigs, PlannedTopic, TargetFacts } from './plan.ts';

type Configs = Readonly<Record<string, string>>;

/** What a policy is asked about at a time: a topic and one set of its configs. */
type Check = (topic: PlannedTopic, configs: Configs) => Promise<KopsError | null>;

const parallel = 8;
const none: ReadonlyMap<string, string> = new Map();

/**
 * Asks the target which configs of the planned topics it would refuse: a CreateTopicPolicy, a managed service, values that its version
 * does not take. Changes nothing there.
 */
export async function probeTarget(
  kafka: RestoreTarget,
  topics: readonly PlannedTopic[],
  facts: TargetFacts,
): Promise<ReadonlyMap<string, ForbiddenConfigs>> {
  // More replicas than brokers, or a partition count that differs, is refused by the plan itself.
  const possible = topics.filter(({ replicationFactor }) => replicationFactor <= facts.brokers);
  const fillOf = ({ fillConfigs }: PlannedTopic): Configs => askable(fillConfigs, facts);
  const [fresh, existing] = [
    possible.filter(({ exists }) => !exists),
    possible.filter(({ exists }) => exists),
  ];
  const create = creationCheck(kafka);
  const alter = alterationCheck(kafka);
  const suspects = new Set([
    ...(await refusedOf(kafka, fresh, fillOf)),
    ...(await refusedOf(kafka, fresh, finalOf)),
  ]);
  const forbidden = new Map<string, ForbiddenConfigs>();
  const search = async (topic: PlannedTopic, check: Check): Promise<void> => {
    const found = await searchTopic(topic, check, fillOf(topic));
    if (found !== undefined) forbidden.set(topic.target, found);
  };
  await mapLimit([...suspects], parallel, (topic) => search(topic, create));
  await mapLimit(existing, parallel, (topic) => search(topic, alter));
  return forbidden;
}

/** Limits of which it is not known yet whether the brokers have them: the creation finds that out. */
function askable(configs: Configs, { knownConfigs }: TargetFacts): Configs {
  if (knownConfigs !== null) return configs;
  return Object.fromEntries(
    Object.entries(configs).filter(([name]) => !Object.hasOwn(timestampLimits, name)),
  );
}

function finalOf({ finalConfigs }: PlannedTopic): Configs {
  return Object.fromEntries(
    Object.entries(finalConfigs).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/** All topics in as few requests as possible: nearly always there is nothing to search for. */
async function refusedOf(
  kafka: RestoreTarget,
  topics: readonly PlannedTopic[],
  configsOf: (topic: PlannedTopic) => Configs,
): Promise<PlannedTopic[]> {
  if (topics.length === 0) return [];
  const answers = await kafka.validateTopics(topics.map((topic) => asNew(topic, configsOf(topic))));
  return topics.filter(({ target }) => (answers.get(target)?.error ?? null) !== null);
}

function asNew(topic: PlannedTopic, configs: Configs): NewTopic {
  const { target: name, partitionCount: partitions, replicationFactor } = topic;
  return { name, partitions, replicationFactor, configs };
}

function creationCheck(kafka: RestoreTarget): Check {
  return async (topic, configs) => {
    const answers = await kafka.validateTopics([asNew(topic, configs)]);
    return answers.get(topic.target)?.error ?? null;
  };
}

function alterationCheck(kafka: RestoreTarget): Check {
  return async ({ target }, configs) => {
    try {
      await kafka.alterTopicConfigs(target, configs, { validateOnly: true });
      return null;
    } catch (thrown) {
      if (!KopsError.is(thrown) || thrown.retryable) throw thrown;
      return thrown;
    }
  };
}

/** Undefined where the topic may have all its configs. */
async function searchTopic(
  topic: PlannedTopic,
  check: Check,
  fillConfigs: Configs,
): Promise<ForbiddenConfigs | undefined> {
  const finalConfigs = finalOf(topic);
  const isAllowed =
    (await check(topic, fillConfigs)) === null && (await check(topic, finalConfigs)) === null;
  if (isAllowed) return undefined;
  const bare = await check(topic, {});
  if (bare !== null) return { topic: bare, fill: none, final: none };
  const final = await refusedConfigs(topic, check, finalConfigs);
  const fill = await refusedConfigs(topic, check, fillConfigs);
  return { topic: null, fill, final };
}

/** Adds one config at a time and leaves out those with which the target refuses. */
async function refusedConfigs(
  topic: PlannedTopic,
  check: Check,
  configs: Configs,
): Promise<ReadonlyMap<string, string>> {
  if ((await check(topic, configs)) === null) return none;
  const refused = new Map<string, string>();
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(configs)) {
    const error = await check(topic, { ...kept, [name]: value });
    if (error === null) kept[name] = value;
    else refused.set(name, error.message);
  }
  return refused;
}
