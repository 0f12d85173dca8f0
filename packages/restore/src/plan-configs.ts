import type { TopicManifest } from '@kops/archive-format';
import type { PlannedTopic } from './plan.ts';

const longMax = '9223372036854775807';

/** Since 3.6 (KIP-937). */
export const timestampLimits: Readonly<Record<string, string>> = {
  'message.timestamp.before.max.ms': longMax,
  'message.timestamp.after.max.ms': longMax,
};

/** Before 3.6; gone in 4.0. */
export const olderTimestampLimits: Readonly<Record<string, string>> = {
  'message.timestamp.difference.max.ms': longMax,
};

const dynamic = 'DYNAMIC_TOPIC_CONFIG';

/** These name brokers and partitions of the source cluster. */
const tiedToBrokers = new Set([
  'leader.replication.throttled.replicas',
  'follower.replication.throttled.replicas',
]);

/** What the target decides about a topic's configs. */
export interface ConfigContext {
  readonly replicationFactor: number;
  readonly holdRetention: boolean;
  readonly knownConfigs: readonly string[] | null;
}

type PlannedConfigs = Pick<PlannedTopic, 'fillConfigs' | 'finalConfigs' | 'unrestorableConfigs'>;

/** The value that was in effect on the source, defaults included. */
export function effectiveConfig(topic: TopicManifest, name: string): string | undefined {
  return topic.configs.find((config) => config.name === name)?.value ?? undefined;
}

/** Configs for the time of filling, for afterwards, and those that the target cannot have. */
export function planConfigs(topic: TopicManifest, context: ConfigContext): PlannedConfigs {
  const fillConfigs = fillingConfigs(topic, context);
  const finalConfigs: Record<string, string | null> = {};
  for (const name of Object.keys(fillConfigs)) finalConfigs[name] = null;
  const unrestorableConfigs: { name: string; reason: string }[] = [];
  for (const { name, value, source } of topic.configs) {
    if (source !== dynamic) continue;
    const reason = whyNot(name, value, context);
    if (reason === undefined) finalConfigs[name] = value;
    else unrestorableConfigs.push({ name, reason });
  }
  if (context.holdRetention)
    Object.assign(finalConfigs, { 'retention.ms': '-1', 'retention.bytes': '-1' });
  return { fillConfigs, finalConfigs, unrestorableConfigs };
}

/** Nothing of what is written may be deleted, compacted, recompressed, restamped or refused for its age or size meanwhile. */
function fillingConfigs(topic: TopicManifest, context: ConfigContext): Record<string, string> {
  const maxMessageBytes = effectiveConfig(topic, 'max.message.bytes');
  return {
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'cleanup.policy': 'delete',
    'compression.type': 'producer',
    'message.timestamp.type': 'CreateTime',
    ...chooseTimestampLimits(context.knownConfigs),
    ...(maxMessageBytes === undefined ? {} : { 'max.message.bytes': maxMessageBytes }),
    // A broker default of 2 would make a topic with one replica unwritable.
    ...(context.replicationFactor === 1 ? { 'min.insync.replicas': '1' } : {}),
  };
}

function chooseTimestampLimits(known: readonly string[] | null): Readonly<Record<string, string>> {
  const older = known !== null && !known.includes('message.timestamp.before.max.ms');
  return older ? olderTimestampLimits : timestampLimits;
}

function whyNot(name: string, value: string | null, context: ConfigContext): string | undefined {
  if (value === null) return 'the source did not tell its value';
  if (tiedToBrokers.has(name)) return 'it names brokers of the source';
  if (context.knownConfigs?.includes(name) === false) return "the target's brokers do not know it";
  if (name === 'min.insync.replicas' && Number(value) > context.replicationFactor) {
    return `${value} is more than the ${String(context.replicationFactor)} replicas on the target: nobody could write`;
  }
  return undefined;
}
