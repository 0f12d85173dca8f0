import { mapLimit, type Clock, type Logger, type Semaphore } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { Repository } from '@kops/repository';
import type { StartBackup, StartedBackup } from '@kops/transport';
import type { AgentRegistry } from './agent-registry.ts';
import { takeSnapshot, type ClusterSnapshot } from './cluster-snapshot.ts';
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
  readonly startedAtMs: number;
}

/** Looks at the cluster and at what is archived, and plans. Writes nothing. */
export async function prepareBackup(
  request: StartBackup,
  context: BackupContext,
): Promise<PreparedBackup> {
  const { kafka, repositories, clock } = context;
  const startedAtMs = clock.now();
  const snapshot = await takeSnapshot(kafka, { include: request.topics, exclude: request.exclude });
  const parents = await findParents(
    repositories,
    snapshot.cluster.clusterId,
    snapshot.topics.map(({ name }) => name),
  );
  const plans = await planAll(request, context, snapshot, parents, startedAtMs);
  return { snapshot, parents, plans, startedAtMs };
}

async function planAll(
  request: StartBackup,
  { kafka }: BackupContext,
  snapshot: ClusterSnapshot,
  parents: Parents,
  nowMs: number,
): Promise<PartitionPlan[]> {
  const extended = snapshot.topics.flatMap((topic) =>
    topic.partitions.flatMap(({ partition }) => {
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
  });
}

/** What an operator is told of a plan. */
export function describePrepared(
  { snapshot, parents, plans }: PreparedBackup,
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
      reason: plan.reason,
    })),
    groups: snapshot.groups.length,
  };
}
