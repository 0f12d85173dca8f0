import { KopsError, mapLimit } from '@kops/core';
import type { RestoreTarget } from './execute-options.ts';
import type { PlannedTopic } from './plan.ts';
import type { RefusedConfig } from './result.ts';
import type { StateKeeper } from './state-keeper.ts';

const parallel = 4;

/** Gives every topic its own configs and takes away those of the filling. Returns what the target refused. */
export async function finishTopics(
  kafka: RestoreTarget,
  topics: readonly PlannedTopic[],
  state: StateKeeper,
): Promise<RefusedConfig[]> {
  const refused = await mapLimit(topics, parallel, async (topic) => {
    const known = state.state.topics.get(topic.target);
    if (known === undefined || known.finished) return [];
    const problems = await applyConfigs(
      kafka,
      topic.target,
      configsAtTheEnd(topic, known.fillConfigs),
    );
    state.setTopic(topic.target, { ...known, finished: true });
    return problems;
  });
  await state.save();
  return refused.flat();
}

/** The plan's configs; of what it removes only that which was really set, and that which was set besides. */
function configsAtTheEnd(
  topic: PlannedTopic,
  fillConfigs: readonly string[],
): Record<string, string | null> {
  const planned = Object.entries(topic.finalConfigs).filter(
    ([name, value]) => value !== null || fillConfigs.includes(name),
  );
  // A batch may have needed a larger limit than the plan knew.
  const removed = [...fillConfigs, 'max.message.bytes'].map((name) => [name, null] as const);
  return { ...Object.fromEntries(removed), ...Object.fromEntries(planned) };
}

async function applyConfigs(
  kafka: RestoreTarget,
  topic: string,
  configs: Readonly<Record<string, string | null>>,
): Promise<RefusedConfig[]> {
  try {
    await kafka.alterTopicConfigs(topic, configs);
    return [];
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
  }
  // One bad config spoils the request: one by one, to find which.
  const refused: RefusedConfig[] = [];
  for (const [name, value] of Object.entries(configs)) {
    try {
      await kafka.alterTopicConfigs(topic, { [name]: value });
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      refused.push({ topic, name, value, reason: thrown.message });
    }
  }
  return refused;
}

function isRefusal(thrown: unknown): thrown is KopsError {
  return (
    ['KOPS_CONFIG', 'KOPS_ACCESS_DENIED', 'KOPS_KAFKA_PROTOCOL', 'KOPS_REFUSED'] as const
  ).some((code) => KopsError.is(thrown, code));
}
