import type { TopicManifest } from '@kops/archive-format';
import { counted } from '@kops/core';
import { countOffsets } from './chosen-records.ts';
import { effectOf } from './config-rules.ts';
import { effectiveConfig } from './plan-configs.ts';
import type { NoteWeight, PlanNote } from './plan-notes.ts';
import { toldLosses } from './told-losses.ts';
import type { PlannedTopic, RestoreOptions, TargetFacts } from './plan.ts';

type Say = (weight: NoteWeight, text: string, amount?: PlanNote['amount']) => void;

/** What is to be said of a topic beside its plan. */
export function topicNotes(
  topic: TopicManifest,
  planned: PlannedTopic,
  facts: TargetFacts,
  options: RestoreOptions,
): PlanNote[] {
  const notes: PlanNote[] = [];
  const about = { kind: 'topic', name: planned.target } as const;
  const say: Say = (weight, text, amount) =>
    void notes.push({ weight, text, ...about, ...(amount === undefined ? {} : { amount }) });
  sayOfRecords(topic, planned, options, say);
  sayOfForbidden(planned, facts, say);
  for (const { name, value, reason } of planned.adaptedConfigs)
    say('different', `${name}=${value} is set: ${reason}`);
  if (options.holdRetention !== true) sayOfRetention(topic, planned, say);
  const { replicationFactor, sourceReplicationFactor } = planned;
  if (replicationFactor < sourceReplicationFactor)
    say(
      'different',
      `replication factor ${String(replicationFactor)} instead of the source's ${String(sourceReplicationFactor)}`,
    );
  if (isLogAppendTime(topic))
    say(
      'minor',
      'LogAppendTime topic: records keep their timestamps as CreateTime, their batches are encoded again',
    );
  return notes;
}

function sayOfRecords(
  topic: TopicManifest,
  planned: PlannedTopic,
  options: RestoreOptions,
  say: Say,
): void {
  const lost = toldLosses(topic);
  if (lost !== undefined) say('records', lost);
  const absent = notShown(planned, options);
  if (absent > 0n)
    say(
      'records',
      `${counted(absent, 'record')} of those selected ${absent === 1n ? 'is' : 'are'} not in this archive`,
    );
  const { length } = planned.partitions;
  if (length < topic.partitionCount)
    say(
      'records',
      `the archive has ${String(length)} of ${String(topic.partitionCount)} partitions; the others stay empty`,
    );
}

/** Chosen records that lie outside of what the archive shows. */
function notShown(planned: PlannedTopic, { records }: RestoreOptions): bigint {
  if (records === undefined) return 0n;
  const shown = planned.partitions.reduce((sum, { chosen = [] }) => sum + countOffsets(chosen), 0n);
  return records.countOf(planned.source) - shown;
}

/** Configs of which the target decides, where that can cost records. The others are listed as not restorable. */
function sayOfForbidden(planned: PlannedTopic, facts: TargetFacts, say: Say): void {
  const forbidden = facts.forbidden?.get(planned.target);
  if (forbidden === undefined) return;
  const applies = (name: string, value: string | null | undefined): string => {
    const inEffect = value ?? facts.defaults?.get(name);
    return inEffect === undefined || inEffect === null
      ? "the target's default applies"
      : `${inEffect} applies`;
  };
  for (const [name, reason] of forbidden.final) {
    const effect = effectOf(name);
    if (effect === undefined) say('different', `the target does not allow ${name}: ${reason}`);
    else
      say(
        'records',
        `the target does not allow ${name} of the source: ${applies(name, null)}; the target possibly ${effect} (${reason})`,
      );
  }
  for (const [name, reason] of forbidden.fill) {
    const effect = effectOf(name);
    if (effect === undefined || forbidden.final.has(name)) continue;
    say(
      'records',
      `the target does not allow the value of ${name} that the restore needs while it fills the topic: ${applies(name, planned.fillConfigs[name])}; the target possibly ${effect} before the restore finishes (${reason})`,
    );
  }
}

function sayOfRetention(topic: TopicManifest, planned: PlannedTopic, say: Say): void {
  const policy = effectiveConfig(topic, 'cleanup.policy') ?? 'delete';
  if (!policy.split(',').some((part) => part.trim() === 'delete')) return;
  const unrestorable = new Set(planned.unrestorableConfigs.map(({ name }) => name));
  const limits = ['retention.ms', 'retention.bytes'].flatMap((name) => {
    const value = effectiveConfig(topic, name);
    return value === undefined || value === '-1' || unrestorable.has(name)
      ? []
      : [`${name}=${value}`];
  });
  if (limits.length > 0)
    say(
      'records',
      `${limits.join(' and ')} ${limits.length === 1 ? 'is' : 'are'} restored when the topic is filled. Records older than that may then be deleted immediately; use --hold-retention to keep them`,
    );
}

/** Whether the broker stamped the records of a topic. */
export function isLogAppendTime(topic: TopicManifest): boolean {
  return effectiveConfig(topic, 'message.timestamp.type') === 'LogAppendTime';
}
