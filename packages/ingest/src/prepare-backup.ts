import type { DeletedTopic } from '@kops/archive-format';
import { counted, KopsError, mapLimit, type Clock, type Logger, type Semaphore } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { Repository } from '@kops/repository';
import type { StartBackup, StartedBackup } from '@kops/transport';
import type { AgentRegistry } from './agent-registry.ts';
import { takeSnapshot, type ClusterSnapshot } from './cluster-snapshot.ts';
import { findDeletedTopics } from './deleted-topics.ts';
import { findParents, type Parents } from './parents.ts';
import { planBackup, type PartitionPlan } from './plan-backup.ts';

/** What a backup works with. */
export interface BackupContext {
  readonly kafka: KafkaClient;
  /** One per copy, the first being the one that parents are read from. */
  readonly repositories: readonly Repository[];
  readonly registry: AgentRegistry;
  /** Bytes that frames of all streams of the archiver may hold. */
  readonly budget: Semaphore;
  readonly segmentBytes: number;
  readonly kopsVersion: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Captures of this process that have begun and not ended; a backup enters its own before anybody else can see it. */
  readonly running: Set<string>;
  /** A new epoch for an assignment, above all others of this archiver. */
  readonly nextEpoch: () => bigint;
}

/** A backup that was planned but has not begun. */
export interface PreparedBackup {
  readonly snapshot: ClusterSnapshot;
  readonly parents: Parents;
  readonly plans: readonly PartitionPlan[];
  /** Topics that earlier archives hold and the cluster no longer has. */
  readonly deleted: readonly DeletedTopic[];
  readonly startedAtMs: number;
}

/**
 * Looks at the cluster, then at what is archived, and plans. Repositories are opened, which may make them, once the cluster has answered and there is
 * something to back up; nothing else is written.
 * @throws KOPS_TOPIC_NOT_FOUND when no topic is selected, unless that is allowed
 */
export async function prepareBackup(
  request: StartBackup,
  tools: Omit<BackupContext, 'repositories'>,
  openRepositories: () => Promise<readonly Repository[]>,
): Promise<{ readonly prepared: PreparedBackup; readonly context: BackupContext }> {
  const { kafka, clock } = tools;
  const startedAtMs = clock.now();
  const snapshot = await takeSnapshot(kafka, { include: request.topics, exclude: request.exclude });
  if (snapshot.topics.length === 0 && !request.allowEmpty) throw nothingSelected(snapshot);
  const context = { ...tools, repositories: await openRepositories() };
  const { repositories } = context;
  const parents = await findParents(
    repositories,
    snapshot.cluster.clusterId,
    snapshot.topics.map(({ name }) => name),
  );
  const known = withKnownConfigs(snapshot, parents);
  const plans = await planAll(request, context, known, parents, startedAtMs);
  const selection = { include: request.topics, exclude: request.exclude };
  const deleted = await findDeletedTopics(repositories[0], snapshot, selection);
  return { prepared: { snapshot: known, parents, plans, deleted, startedAtMs }, context };
}

/** An archive of nothing would be the newest of its cluster, and look like a backup. */
function nothingSelected({ liveTopics }: ClusterSnapshot): KopsError {
  const allow = 'use --allow-empty to commit an archive without topics.';
  if (liveTopics.size > 0)
    return new KopsError(
      'KOPS_TOPIC_NOT_FOUND',
      `there is no topic to back up: the cluster has ${counted(liveTopics.size, 'topic')}, all excluded or internal to Kafka`,
      { hint: `Correct --topics and --exclude, or ${allow}` },
    );
  return new KopsError(
    'KOPS_TOPIC_NOT_FOUND',
    'there is no topic to back up: the cluster reports none',
    {
      hint: `Check the address, and check that this user has the right DESCRIBE on the topics (kafka-acls.sh --list), or ${allow}`,
    },
  );
}

/** Where configs of a topic cannot be had, those that an archive has of it. */
function withKnownConfigs(snapshot: ClusterSnapshot, parents: Parents): ClusterSnapshot {
  const topics = snapshot.topics.map((topic) => {
    if (topic.configs.length > 0) return topic;
    const parent = topic.partitions.flatMap(({ partition }) => {
      const found = parents.of(topic.name, partition);
      return found?.topic.topicId === topic.topicId ? [found] : [];
    })[0];
    return parent === undefined ? topic : { ...topic, configs: parent.topic.configs };
  });
  return { ...snapshot, topics };
}

async function planAll(
  request: StartBackup,
  { kafka }: BackupContext,
  snapshot: ClusterSnapshot,
  parents: Parents,
  nowMs: number,
): Promise<PartitionPlan[]> {
  const extended = snapshot.topics.flatMap((topic) =>
    topic.partitions.flatMap(({ partition, fault }) => {
      if (fault !== undefined) return [];
      const parent = parents.of(topic.name, partition);
      const epoch = parent?.partition.lineage.leaderEpochs.at(-1)?.epoch ?? -1;
      return epoch < 0 || parent?.topic.topicId !== topic.topicId
        ? []
        : [{ topic: topic.name, partition, epoch }];
    }),
  );
  const answers = await mapLimit(
    extended,
    16,
    async (at) =>
      [
        `${at.topic}/${String(at.partition)}`,
        await kafka.offsetForLeaderEpoch(at, at.epoch),
      ] as const,
  );
  const ends = new Map(answers);
  return planBackup({
    snapshot,
    isolation: request.isolation,
    parentOf: (topic, partition) => parents.of(topic, partition),
    epochEnd: (topic, partition) => ends.get(`${topic}/${String(partition)}`),
    nowMs,
    noParent: parents.noParent,
  });
}

/** What an operator is told of a plan. */
export function describePrepared(
  { snapshot, parents, plans, deleted }: PreparedBackup,
  backupId: string,
): StartedBackup {
  return {
    backupId,
    clusterId: snapshot.cluster.clusterId,
    parent: parents.latest?.archive ?? null,
    partitions: plans.map((plan) => ({
      topic: plan.topic.name,
      partition: plan.snapshot.partition,
      logStart: plan.snapshot.logStart,
      resumeOffset: plan.resume,
      cut: plan.cut,
      mode: plan.mode,
      reason:
        plan.fault === undefined ? plan.reason : `cannot be captured now: ${plan.fault.message}`,
    })),
    groups: snapshot.groups.length,
    deletedTopics: deleted.map(({ name, topicId, archive }) => ({ topic: name, topicId, archive })),
  };
}
