import { KopsError, mapLimit, throwIfAborted } from '@kops/core';
import type { TopicMetadata } from '@kops/kafka';
import { changeConfigs, dynamicConfigs, type ChangeOptions } from './change-configs.ts';
import type { RestoreTarget } from './execute-options.ts';
import { readLogEnds } from './log-end.ts';
import { olderTimestampLimits, timestampLimits } from './plan-configs.ts';
import type { PlannedTopic } from './plan.ts';
import type { StateKeeper } from './state-keeper.ts';

/** What {@link prepareTopics} works with. */
export interface PrepareOptions extends ChangeOptions {
  readonly topics: readonly PlannedTopic[];
  readonly state: StateKeeper;
}

const parallel = 4;
const pollMs = 50;

/**
 * Makes every topic of the plan ready to be filled, and remembers durably which they are.
 * @throws KOPS_REFUSED for a topic that has records of another origin or was created anew since.
 */
export async function prepareTopics(options: PrepareOptions): Promise<void> {
  const { kafka, topics, state } = options;
  const existing = byName(await kafka.topics());
  const fresh = new Map<string, readonly string[]>();
  await mapLimit(topics, parallel, async (topic) => {
    throwIfAborted(options.signal);
    const found = existing.get(topic.target);
    const known = state.state.topics.get(topic.target);
    if (known !== undefined) {
      checkIdentity(topic, known.id, found);
    } else if (found === undefined) {
      fresh.set(topic.target, await createTopic(kafka, topic));
    } else {
      await adoptTopic(options, topic, found);
      state.setTopic(topic.target, {
        id: found.id ?? null,
        created: false,
        fillConfigs: Object.keys(topic.fillConfigs),
        finished: false,
      });
    }
  });
  const created = await awaitLeaders(options, [...fresh.keys()]);
  for (const [name, fillConfigs] of fresh) {
    state.setTopic(name, {
      id: created.get(name)?.id ?? null,
      created: true,
      fillConfigs,
      finished: false,
    });
  }
  // Before the first record: a resume must know which topics may have some.
  await state.save();
}

function checkIdentity(
  topic: PlannedTopic,
  id: string | null,
  found: TopicMetadata | undefined,
): void {
  if (found !== undefined && (id === null || found.id === id)) return;
  const what =
    found === undefined ? 'is gone' : 'was replaced by a topic that this restore did not create';
  throw new KopsError('KOPS_REFUSED', `topic '${topic.target}' ${what}`, {
    at: { topic: topic.target },
    hint: 'Delete the restored topics that remain, then run the restore without --resume.',
  });
}

/** Creates a topic and returns the names of the configs it got for the filling. */
async function createTopic(kafka: RestoreTarget, topic: PlannedTopic): Promise<readonly string[]> {
  const create = async (configs: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const { target: name, partitionCount: partitions, replicationFactor } = topic;
    await kafka.createTopics([{ name, partitions, replicationFactor, configs }]);
    return Object.keys(configs);
  };
  try {
    return await create(topic.fillConfigs);
  } catch (thrown) {
    const older = withOlderLimits(topic.fillConfigs);
    if (!KopsError.is(thrown, 'KOPS_CONFIG') || older === undefined) throw thrown;
    return await create(older);
  }
}

/** The plan could not know whether the brokers are from before KIP-937. */
function withOlderLimits(
  configs: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const names = Object.keys(timestampLimits);
  if (!names.some((name) => Object.hasOwn(configs, name))) return undefined;
  const others = Object.entries(configs).filter(([name]) => !names.includes(name));
  return { ...Object.fromEntries(others), ...olderTimestampLimits };
}

async function adoptTopic(
  options: PrepareOptions,
  topic: PlannedTopic,
  found: TopicMetadata,
): Promise<void> {
  const { target } = topic;
  const ends = await readLogEnds(
    options.kafka,
    found.partitions.map(({ partition }) => ({ topic: target, partition })),
  );
  const isEmpty = ends.every((end) => end === 0n);
  if (!isEmpty || found.partitions.length !== topic.partitionCount) {
    throw new KopsError(
      'KOPS_REFUSED',
      `topic '${target}' exists and ${isEmpty ? 'has another partition count' : 'has records'}`,
      {
        at: { topic: target },
        hint: 'Delete it, or restore under another name with --rename.',
      },
    );
  }
  // As if it had been created: what somebody set on it must not get in the way.
  const removed = [...(await dynamicConfigs(options.kafka, target)).keys()].map(
    (name) => [name, null] as const,
  );
  await changeConfigs(target, { ...Object.fromEntries(removed), ...topic.fillConfigs }, options);
}

/** Waits until every partition of the topics has a leader. */
async function awaitLeaders(
  options: PrepareOptions,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicMetadata>> {
  const { kafka, clock, deadlineMs, signal } = options;
  const started = clock.monotonic();
  for (;;) {
    const found = byName(names.length === 0 ? [] : await kafka.topics());
    const missing = names.find((name) => !isReady(found.get(name)));
    if (missing === undefined) return found;
    if (clock.monotonic() - started > deadlineMs) {
      throw new KopsError(
        'KOPS_KAFKA_UNREACHABLE',
        `topic '${missing}' still has partitions without a leader after ${String(deadlineMs)} ms`,
        {
          at: { topic: missing },
          hint: 'Check that all brokers of the target are up, then run the restore with --resume.',
        },
      );
    }
    await clock.sleep(pollMs, signal);
  }
}

function isReady(topic: TopicMetadata | undefined): boolean {
  return (
    topic !== undefined &&
    topic.partitions.length > 0 &&
    topic.partitions.every(({ leader }) => leader >= 0)
  );
}

function byName(topics: readonly TopicMetadata[]): Map<string, TopicMetadata> {
  return new Map(topics.map((topic) => [topic.name, topic]));
}
