/** What becomes of a topic config: set as it was, set to another value with a warning, or left out with a reason. */
export type ConfigTreatment = 'carried' | 'adapted' | 'dropped';

/** How a restore treats a topic config. */
export interface ConfigRule {
  readonly treatment: ConfigTreatment;
  /**
   * What another value on the target can do to records. Such a config is set on the topic even where the source had it from its brokers'
   * defaults, if the target's default is another one or not known.
   */
  readonly effect?: 'deletes records' | 'rejects records';
  readonly note: string;
}

const carried = (note = 'as on the source'): ConfigRule => ({ treatment: 'carried', note });
const deletes = (note = 'as on the source'): ConfigRule => ({
  treatment: 'carried',
  effect: 'deletes records',
  note,
});
const rejects = (note = 'as on the source'): ConfigRule => ({
  treatment: 'carried',
  effect: 'rejects records',
  note,
});
const namesBrokers: ConfigRule = {
  treatment: 'dropped',
  note: 'it contains broker ids of the source',
};
const tiered = carried(
  'as on the source; skipped with a warning if the target has no tiered storage',
);
const older = carried('as on the source; skipped if the brokers of the target do not support it');

/** All topic configs of Kafka up to 4.3, and what is known of later ones. One that is not here is carried if the target knows it. */
export const configRules: Readonly<Record<string, ConfigRule>> = {
  'cleanup.policy': deletes('as on the source; `delete` while the topic is filled'),
  'compression.gzip.level': carried(),
  'compression.lz4.level': carried(),
  'compression.type': carried('as on the source; `producer` while the topic is filled'),
  'compression.zstd.level': carried(),
  'delete.retention.ms': deletes(),
  'errors.deadletterqueue.group.enable': carried(),
  'file.delete.delay.ms': carried(),
  'flush.messages': carried(),
  'flush.ms': carried(),
  'follower.replication.throttled.replicas': namesBrokers,
  'index.interval.bytes': carried(),
  'leader.replication.throttled.replicas': namesBrokers,
  'local.retention.bytes': tiered,
  'local.retention.ms': tiered,
  'max.compaction.lag.ms': deletes(),
  'max.decompressed.message.bytes': rejects(),
  'max.message.bytes': rejects('as on the source; raised while a larger batch is written'),
  'message.downconversion.enable': older,
  'message.format.version': older,
  'message.timestamp.after.max.ms': rejects(
    'as on the source; the largest value while the topic is filled',
  ),
  'message.timestamp.before.max.ms': rejects(
    'as on the source; the largest value while the topic is filled',
  ),
  'message.timestamp.difference.max.ms': {
    treatment: 'adapted',
    effect: 'rejects records',
    note: 'as on the source; set as `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms` if the target supports only these (Kafka 4.0 and later)',
  },
  'message.timestamp.type': carried('as on the source; `CreateTime` while the topic is filled'),
  'min.cleanable.dirty.ratio': carried(),
  'min.compaction.lag.ms': deletes(),
  'min.insync.replicas': {
    treatment: 'adapted',
    effect: 'rejects records',
    note: 'as on the source; at most the replication factor on the target',
  },
  preallocate: carried(),
  'remote.copy.lag.bytes': tiered,
  'remote.copy.lag.ms': tiered,
  'remote.log.copy.disable': tiered,
  'remote.log.delete.on.disable': tiered,
  'remote.storage.enable': tiered,
  'retention.bytes': deletes('as on the source; `-1` while the topic is filled'),
  'retention.ms': deletes('as on the source; `-1` while the topic is filled'),
  'segment.bytes': carried(),
  'segment.index.bytes': carried(),
  'segment.jitter.ms': carried(),
  'segment.ms': carried(),
  'unclean.leader.election.enable': deletes(),
};

/** What another value of a config can do to records; undefined where nothing. */
export function effectOf(name: string): ConfigRule['effect'] {
  return configRules[name]?.effect;
}

/** The rules as rows of a Markdown table, by name. */
export function configRuleRows(): string[] {
  return Object.entries(configRules)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, { treatment, effect, note }]) =>
        `| \`${name}\` | ${treatment} | ${effect ?? ''} | ${note} |`,
    );
}
