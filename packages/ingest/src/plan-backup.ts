import {
  mayExtend,
  relateLineage,
  truncateLeaderEpochs,
  type LeaderEpoch,
  type Loss,
  type Purge,
  type ExtensionFacts,
  type Manifest,
  type PartitionManifest,
  type TopicConfig,
  type TopicManifest,
} from '@kops/archive-format';
import { KopsError, type Offset } from '@kops/core';
import type { OffsetForLeaderEpoch } from '@kops/kafka';
import type { Isolation } from '@kops/transport';
import {
  configValue,
  type ClusterSnapshot,
  type PartitionSnapshot,
  type TopicSnapshot,
} from './cluster-snapshot.ts';

/** What an earlier archive holds of a partition. */
export interface ParentPartition {
  readonly manifest: Manifest;
  readonly topic: TopicManifest;
  readonly partition: PartitionManifest;
}

/** Up to where an archive holds a partition. */
export interface HeldEnd {
  readonly archive: string;
  readonly end: Offset;
}

/** What has become of a topic. */
export type TopicEnd = 'topic-deleted' | 'topic-recreated';

/** What a backup does with one partition. */
export interface PartitionPlan {
  readonly topic: TopicSnapshot;
  readonly snapshot: PartitionSnapshot;
  readonly mode: 'baseline' | 'extend';
  /** Why it is a baseline; empty otherwise. */
  readonly reason: string;
  /** What is extended; undefined for a baseline. */
  readonly parent: ParentPartition | undefined;
  /** For a baseline: up to where an earlier archive holds this life of the partition. Offsets between it and the log start are lost. */
  readonly held?: HeldEnd;
  /** First offset that this backup captures. */
  readonly resume: Offset;
  /** End of what is shown. */
  readonly cut: Offset;
  /** Known before a byte is read: losses inherited from the parent, and truncations. */
  readonly losses: readonly Loss[];
  /** Expected deletions that the parent tells of and the partition still shows the offsets around. */
  readonly purges?: readonly Purge[];
  /** Leader epochs below `resume`. */
  readonly leaderEpochs: readonly LeaderEpoch[];
  /** Losses that the newest archive of this life of the topic tells of, whether it is extended or not. */
  readonly archivedLosses: readonly Loss[];
  /** Why it cannot be captured now. */
  readonly fault?: KopsError;
  /** The topic was gone before the backup began, or its log starts behind this now: there is only what dead captures left of it. */
  readonly gone?: TopicEnd | 'log-start-passed';
  /** Where the log starts that has passed what dead captures left: from there on it can be read again. */
  readonly readableFrom?: Offset;
}

/** What decides a plan. */
export interface PlanFacts {
  readonly snapshot: ClusterSnapshot;
  readonly isolation: Isolation;
  readonly parentOf: (topic: string, partition: number) => ParentPartition | undefined;
  /** The leader's answer for the last archived epoch of a partition that has a parent. */
  readonly epochEnd: (topic: string, partition: number) => OffsetForLeaderEpoch | undefined;
  readonly nowMs: number;
  /** Why a partition without a parent is a baseline. */
  readonly noParent?: string;
}

/** Plans every partition of a snapshot, in the snapshot's order. Pure. */
export function planBackup(facts: PlanFacts): PartitionPlan[] {
  return facts.snapshot.topics.flatMap((topic) =>
    topic.partitions.map((partition) => planPartition(facts, topic, partition)),
  );
}

function planPartition(
  facts: PlanFacts,
  topic: TopicSnapshot,
  snapshot: PartitionSnapshot,
): PartitionPlan {
  const cut =
    facts.isolation === 'read_committed' ? snapshot.lastStableOffset : snapshot.highWatermark;
  const newest = facts.parentOf(topic.name, snapshot.partition);
  // One that could capture nothing says nothing of where the log began.
  const isEmpty = newest !== undefined && showsNothing(newest) && hasGivenUp(newest);
  const parent = isEmpty ? undefined : newest;
  const archivedLosses =
    parent?.topic.topicId === topic.topicId ? toldBy(parent.partition) : ([] as const);
  if (snapshot.fault !== undefined)
    return planFaulty(topic, snapshot, snapshot.fault, parent, archivedLosses);
  const held = parent === undefined ? undefined : stillHeld(facts, topic, snapshot, parent);
  const baseline = (reason: string): PartitionPlan => ({
    topic,
    snapshot,
    mode: 'baseline',
    reason,
    parent: undefined,
    resume: snapshot.logStart,
    cut,
    // What both logs had is read anew, what only the archived one had is gone.
    losses: held?.truncation ?? [],
    leaderEpochs: [],
    archivedLosses,
    ...(parent !== undefined && held !== undefined && isSameLife(parent, topic)
      ? { held: { archive: parent.manifest.archive, end: held.end } }
      : {}),
  });
  if (parent === undefined || held === undefined)
    return baseline(facts.noParent ?? 'no-earlier-archive: none holds it');
  // Its archive is younger than what it shows: tombstones may have come and gone since.
  if (mayCompact(topic) && isSameLife(parent, topic) && hasGivenUp(parent))
    return baseline(
      `fetch-gave-up: archive ${parent.manifest.archive} did not capture it completely`,
    );
  // What extends it would bring the same keys back.
  const gone = archivedLosses.find(({ reason }) => reason === 'tombstones-may-be-gone');
  if (gone !== undefined)
    return baseline(
      `${gone.reason}: archive ${parent.manifest.archive} was captured too slowly (${gone.detail})`,
    );
  const decision = mayExtend(
    extensionFacts(
      { ...earlierCapture(parent), cut: held.end },
      topic,
      snapshot.logStart,
      cut,
      facts.nowMs,
    ),
  );
  if (!decision.extend) return baseline(`${decision.reason}: ${decision.detail}`);
  return { ...extend(topic, snapshot, parent, held), cut, archivedLosses };
}

const hasGivenUp = ({ partition }: ParentPartition): boolean =>
  partition.losses.some(({ reason }) => reason === 'fetch-gave-up');

const showsNothing = ({ partition }: ParentPartition): boolean =>
  partition.list === null && partition.logStart === partition.cut;

const mayCompact = ({ configs }: TopicSnapshot): boolean =>
  configValue(configs, 'cleanup.policy')?.includes('compact') ?? true;

/** Losses that a partition tells of, expected ones included. */
function toldBy({ losses, purges = [] }: PartitionManifest): readonly Loss[] {
  return [...losses, ...purges.map((purge) => ({ ...purge, reason: 'retention' as const }))];
}

/** Losses that an archive goes on to have while it shows the offsets around them. */
const isInherited = ({ reason }: Loss): boolean =>
  reason === 'retention' || reason === 'damaged-at-source';

/** A cluster that has topic ids since the parent still has the topics that it knew by derived ids. */
export function isSameLife({ topic: archived }: ParentPartition, topic: TopicSnapshot): boolean {
  return archived.topicId === topic.topicId || (archived.derivedTopicId && !topic.derivedTopicId);
}

/** Of a partition that cannot be asked now the archive shows what the one before does. */
function planFaulty(
  topic: TopicSnapshot,
  snapshot: PartitionSnapshot,
  fault: KopsError,
  parent: ParentPartition | undefined,
  archivedLosses: readonly Loss[],
): PartitionPlan {
  if (parent?.topic.topicId !== topic.topicId) {
    const nothing = { ...snapshot, logStart: 0n, highWatermark: 0n, lastStableOffset: 0n };
    return {
      ...{ topic, snapshot: nothing, mode: 'baseline', parent: undefined, fault },
      reason: `fetch-gave-up: ${fault.message}`,
      ...{ resume: 0n, cut: 0n, losses: [], leaderEpochs: [], archivedLosses },
    };
  }
  const { logStart, highWatermark, lastStableOffset, cut } = parent.partition;
  const before = { ...snapshot, logStart, highWatermark, lastStableOffset };
  const held = { end: cut, truncation: [] };
  return { ...extend(topic, before, parent, held), cut, archivedLosses, fault };
}

/** How far the log still is the one that the parent has read. */
interface StillHeld {
  readonly end: Offset;
  /** What of the parent an unclean election has replaced. */
  readonly truncation: readonly Loss[];
}

function stillHeld(
  facts: PlanFacts,
  topic: TopicSnapshot,
  snapshot: PartitionSnapshot,
  { manifest, topic: archived, partition }: ParentPartition,
): StillHeld {
  const { cut, lineage } = partition;
  // Another life of the topic is no other lineage of this one.
  if (archived.topicId !== topic.topicId) return { end: cut, truncation: [] };
  const answer = facts.epochEnd(topic.name, snapshot.partition);
  const relation = relateLineage(lineage.leaderEpochs, cut, () =>
    answer === undefined || answer.endOffset < 0n
      ? undefined
      : { epoch: answer.leaderEpoch, endOffset: answer.endOffset },
  );
  if (relation.relation !== 'truncated') return { end: cut, truncation: [] };
  const loss: Loss = {
    from: relation.truncatedAt,
    to: cut,
    reason: 'truncation',
    detail: `archive ${manifest.archive} contains offsets that the log no longer contains`,
  };
  return { end: relation.truncatedAt, truncation: [loss] };
}

/** What an earlier capture has read of a partition. */
export interface EarlierCapture {
  readonly topicId: string;
  readonly cut: Offset;
  /** When it began, ms since the epoch: its cut is taken right after, so this errs on the safe side. */
  readonly atMs: number;
  readonly configs: readonly TopicConfig[];
}

/** The facts that decide whether a partition may extend what an earlier capture has read. */
export function extensionFacts(
  earlier: EarlierCapture,
  topic: TopicSnapshot,
  logStart: Offset,
  cut: Offset,
  endMs: number,
): ExtensionFacts {
  const retentions = [topic.configs, earlier.configs].map((configs) =>
    configValue(configs, 'delete.retention.ms'),
  );
  const known = retentions.filter((value) => value !== null).map(Number);
  return {
    parentTopicId: earlier.topicId,
    topicId: topic.topicId,
    parentCut: earlier.cut,
    parentCutAtMs: earlier.atMs,
    logStart,
    cut,
    endMs,
    cleanupPolicy: configValue(topic.configs, 'cleanup.policy'),
    parentCleanupPolicy: configValue(earlier.configs, 'cleanup.policy'),
    deleteRetentionMs: known.length === 2 ? Math.min(...known) : null,
  };
}

/** What a parent has read, for {@link extensionFacts}. */
export function earlierCapture({ manifest, topic, partition }: ParentPartition): EarlierCapture {
  return {
    topicId: topic.topicId,
    cut: partition.cut,
    atMs: Date.parse(manifest.startedAt),
    configs: topic.configs,
  };
}

/**
 * FORMAT.md's rule for compacted topics, asked again when a capture has ended: it may have taken longer than a tombstone lives.
 * @throws KOPS_INCOMPLETE
 */
export function checkStillExtends(plans: readonly PartitionPlan[], nowMs: number): void {
  for (const { parent, topic, snapshot, cut, resume, fault } of plans) {
    if (parent === undefined || fault !== undefined) continue;
    const earlier = { ...earlierCapture(parent), cut: resume };
    const decision = mayExtend(extensionFacts(earlier, topic, snapshot.logStart, cut, nowMs));
    if (decision.extend) continue;
    throw new KopsError(
      'KOPS_INCOMPLETE',
      `the backup took longer than the topic keeps tombstones (${decision.detail})`,
      {
        at: { topic: topic.name, partition: snapshot.partition },
        hint: 'Run the backup again: it captures this topic from the log start. If this happens often, raise delete.retention.ms of the topic.',
      },
    );
  }
}

function extend(
  topic: TopicSnapshot,
  snapshot: PartitionSnapshot,
  parent: ParentPartition,
  { end, truncation }: StillHeld,
): Omit<PartitionPlan, 'cut' | 'archivedLosses'> {
  const { losses, lineage } = parent.partition;
  const isShown = ({ from, to }: Purge): boolean => to > snapshot.logStart && from < end;
  const inherited = losses.filter((loss) => isInherited(loss) && isShown(loss));
  const purges = parent.partition.purges?.filter(isShown) ?? [];
  return {
    topic,
    snapshot,
    mode: 'extend',
    reason: '',
    parent,
    resume: end,
    losses: [...inherited, ...truncation],
    ...(purges.length === 0 ? {} : { purges }),
    leaderEpochs: truncateLeaderEpochs(lineage.leaderEpochs, end),
  };
}
