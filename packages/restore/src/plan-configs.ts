import type { TopicManifest } from '@kops/archive-format';
import { configRules, effectOf } from './config-rules.ts';
import type { ForbiddenConfigs, PlannedTopic } from './plan.ts';

const longMax = '9223372036854775807';

/** Since 3.6 (KIP-937). */
export const timestampLimits: Readonly<Record<string, string>> = {
  'message.timestamp.before.max.ms': longMax,
  'message.timestamp.after.max.ms': longMax,
};

const olderLimit = 'message.timestamp.difference.max.ms';

/** Before 3.6; gone in 4.0. */
export const olderTimestampLimits: Readonly<Record<string, string>> = { [olderLimit]: longMax };

const dynamic = 'DYNAMIC_TOPIC_CONFIG';
const retention = ['retention.ms', 'retention.bytes'] as const;
const minInsync = 'min.insync.replicas';

/** What the target decides about a topic's configs. */
export interface ConfigContext {
  readonly replicationFactor: number;
  readonly holdRetention: boolean;
  readonly knownConfigs: readonly string[] | null;
  /** What a topic has on the target without configs of its own; undefined where that is not known. */
  readonly defaultOf: (name: string) => string | null | undefined;
  readonly forbidden: ForbiddenConfigs | undefined;
}

type PlannedConfigs = Pick<
  PlannedTopic,
  'fillConfigs' | 'finalConfigs' | 'heldConfigs' | 'unrestorableConfigs' | 'adaptedConfigs'
>;

/** The value that was in effect on the source, defaults included. */
export function effectiveConfig(topic: TopicManifest, name: string): string | undefined {
  return topic.configs.find((config) => config.name === name)?.value ?? undefined;
}

/** Configs for the time of filling, for afterwards, and those that the target cannot have. */
export function planConfigs(topic: TopicManifest, context: ConfigContext): PlannedConfigs {
  const own = ownConfigs(topic, context);
  const unrestorable = [...own.unrestorable];
  const wanted = context.holdRetention
    ? { ...own.values, 'retention.ms': '-1', 'retention.bytes': '-1' }
    : own.values;
  const allowed: Record<string, string> = {};
  for (const [name, value] of Object.entries(wanted)) {
    const reason = context.forbidden?.final.get(name);
    if (reason === undefined) allowed[name] = value;
    else
      unrestorable.push({
        name,
        reason: `the target does not allow the value ${value}: ${reason}`,
      });
  }
  const fillConfigs = allowedWhileFilling(fillingConfigs(topic, context), allowed, context);
  const removed = Object.keys(fillConfigs).map((name) => [name, null] as const);
  return {
    fillConfigs,
    finalConfigs: { ...Object.fromEntries(removed), ...allowed },
    heldConfigs: context.holdRetention
      ? Object.fromEntries(retention.map((name) => [name, own.values[name] ?? null]))
      : {},
    unrestorableConfigs: unrestorable,
    adaptedConfigs: own.adapted.filter(({ name, value }) => allowed[name] === value),
  };
}

interface OwnConfigs {
  readonly values: Readonly<Record<string, string>>;
  readonly adapted: PlannedTopic['adaptedConfigs'];
  readonly unrestorable: PlannedTopic['unrestorableConfigs'];
}

/** What the source set on the topic, and what it had by defaults that the target does not have. */
function ownConfigs(topic: TopicManifest, context: ConfigContext): OwnConfigs {
  const values: Record<string, string> = {};
  const adapted: { name: string; value: string; reason: string }[] = [];
  const unrestorable: { name: string; reason: string }[] = [];
  const adapt = (name: string, value: string, reason: string): void => {
    values[name] = value;
    adapted.push({ name, value, reason });
  };
  for (const { name, value, source } of topic.configs) {
    const isOwn = source === dynamic;
    const isKnown = context.knownConfigs?.includes(name) !== false;
    const rule = configRules[name];
    if (value === null || rule?.treatment === 'dropped') {
      const reason = value === null ? 'the source did not return its value' : (rule?.note ?? '');
      if (isOwn) unrestorable.push({ name, reason });
    } else if (name === minInsync) {
      adaptReplicas(value, isOwn, context, { values, adapt });
    } else if (!isKnown) {
      if (!isOwn) continue;
      if (name !== olderLimit)
        unrestorable.push({ name, reason: "the target's brokers do not know it" });
      else
        for (const newer of Object.keys(timestampLimits))
          adapt(newer, value, `the target has it in place of ${olderLimit}`);
    } else if (isOwn) {
      values[name] = value;
    } else if (effectOf(name) !== undefined && context.defaultOf(name) !== value) {
      adapt(name, value, defaultReason(context.defaultOf(name)));
    }
  }
  return { values, adapted, unrestorable };
}

function defaultReason(targetDefault: string | null | undefined): string {
  const target =
    targetDefault === undefined || targetDefault === null
      ? "the target's default is not known"
      : `the target's default is ${targetDefault}`;
  return `it was a default of the source's brokers, ${target}`;
}

/** More replicas in sync than there are would make the topic unwritable. */
function adaptReplicas(
  value: string,
  isOwn: boolean,
  { replicationFactor, defaultOf }: ConfigContext,
  into: {
    readonly values: Record<string, string>;
    readonly adapt: (name: string, value: string, reason: string) => void;
  },
): void {
  const most = String(Math.min(Number(value), replicationFactor));
  if (isOwn && most === value) into.values[minInsync] = value;
  else if (most !== value && (isOwn || defaultOf(minInsync) !== most))
    into.adapt(
      minInsync,
      most,
      `it was ${value}, and the topic gets ${String(replicationFactor)} replicas`,
    );
  else if (!isOwn && defaultOf(minInsync) !== value)
    into.adapt(minInsync, value, defaultReason(defaultOf(minInsync)));
}

/** Nothing of what is written may be deleted, compacted, recompressed, restamped or refused for its age or size meanwhile. */
function fillingConfigs(topic: TopicManifest, context: ConfigContext): Record<string, string> {
  const maxMessageBytes = effectiveConfig(topic, 'max.message.bytes');
  const { replicationFactor, defaultOf } = context;
  const isUnwritable =
    replicationFactor === 1 || Number(defaultOf(minInsync) ?? 0) > replicationFactor;
  return {
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'cleanup.policy': 'delete',
    'compression.type': 'producer',
    'message.timestamp.type': 'CreateTime',
    ...chooseTimestampLimits(context.knownConfigs),
    ...(maxMessageBytes === undefined ? {} : { 'max.message.bytes': maxMessageBytes }),
    // A broker default of 2 would make a topic with one replica unwritable.
    ...(isUnwritable ? { [minInsync]: String(replicationFactor) } : {}),
  };
}

/** In place of what the target forbids: the value that the topic gets in the end, else none. */
function allowedWhileFilling(
  wanted: Readonly<Record<string, string>>,
  final: Readonly<Record<string, string>>,
  { forbidden }: ConfigContext,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([name, value]) => {
      if (forbidden?.fill.has(name) !== true) return [[name, value] as const];
      const last = final[name];
      return last === undefined || last === value ? [] : [[name, last] as const];
    }),
  );
}

function chooseTimestampLimits(known: readonly string[] | null): Readonly<Record<string, string>> {
  const isOlder = known !== null && !known.includes('message.timestamp.before.max.ms');
  return isOlder ? olderTimestampLimits : timestampLimits;
}
