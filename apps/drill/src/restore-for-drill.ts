import { selectTopics } from '@kops/core';
import type { Manifest } from '@kops/archive-format';
import type { KafkaClient } from '@kops/kafka';
import {
  inspectTarget,
  planRestore,
  type PlannedTopic,
  type RestoreOptions,
  type RestorePlan,
} from '@kops/restore';

/** With these the broker itself removes records; they are set once the records were compared. */
const removing = ['retention.ms', 'retention.bytes', 'cleanup.policy'] as const;

const longestTopicName = 249;

/** A plan for a drill, and what of it is done later. */
export interface DrillPlan {
  readonly plan: RestorePlan;
  /** Configs by target topic. */
  readonly heldBack: ReadonlyMap<string, Readonly<Record<string, string | null>>>;
}

/** Plans a restore of which no record may vanish before it was compared. Topics and groups get the prefix. */
export async function planForDrill(
  kafka: KafkaClient,
  manifest: Manifest,
  options: { topics?: readonly string[]; prefix: string },
): Promise<DrillPlan> {
  const { topics = [], prefix } = options;
  const restore: RestoreOptions = { topics, renames: renames(manifest, topics, prefix) };
  const target = await inspectTarget(kafka, manifest, restore);
  const plan = planRestore(manifest, target, restore);
  const heldBack = new Map(plan.topics.map((topic) => [topic.target, removingConfigs(topic)]));
  return {
    plan: {
      ...plan,
      topics: plan.topics.map(holdBack),
      groups: plan.groups.map((group) => ({ ...group, group: `${prefix}${group.group}` })),
    },
    heldBack,
  };
}

function renames(
  { topics }: Manifest,
  include: readonly string[],
  prefix: string,
): Record<string, string> {
  if (prefix === '') return {};
  const names = selectTopics(
    topics.map(({ name }) => name),
    { include, exclude: [] },
  );
  return Object.fromEntries(
    names.map((name, index) => {
      const renamed = `${prefix}${name}`;
      return [name, renamed.length <= longestTopicName ? renamed : `${prefix}topic-${index}`];
    }),
  );
}

function removingConfigs({ finalConfigs }: PlannedTopic): Record<string, string | null> {
  const names = removing.filter((name) => finalConfigs[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, finalConfigs[name] ?? null]));
}

function holdBack(topic: PlannedTopic): PlannedTopic {
  const held = removing.filter((name) => topic.fillConfigs[name] !== undefined);
  return {
    ...topic,
    finalConfigs: {
      ...topic.finalConfigs,
      ...Object.fromEntries(held.map((name) => [name, topic.fillConfigs[name] ?? null])),
    },
  };
}
