import { counted, KopsError, mapLimit, type TopicId } from '@kops/core';
import type { TopicMetadata } from '@kops/kafka';
import type { CommittedArchive, NoticeKind, StartBackup } from '@kops/transport';
import type { AssignedPartition } from './assigned-partition.ts';
import type { CapturedPartitions } from './captured-partitions.ts';
import { takeTopics, topicIdOf, type TopicSnapshot } from './cluster-snapshot.ts';
import type { GenerationCut } from './generation-cut.ts';
import { planBackup, type PartitionPlan } from './plan-backup.ts';
import type { BackupContext, PreparedBackup } from './prepare-backup.ts';
import { compareTopics, type KnownTopic, type TopicChanges } from './topic-growth.ts';

/** At most so long after it was created is a topic or partition found, in ms; sooner where generations are shorter. */
export const lookEveryMs = 30_000;

/** How long a topic must have been absent before it counts as deleted, in ms: brokers learn of topics one after the other. */
export const absentMs = 3_000;

/** What following needs of its backup. */
export interface TopicWatchScope {
  readonly request: StartBackup;
  readonly context: BackupContext;
  readonly prepared: PreparedBackup;
  readonly partitions: CapturedPartitions;
  readonly onNotice: (kind: NoticeKind, text: string) => void;
  /** Commits a generation if there is anything new to show. */
  readonly commit: () => Promise<void>;
  /** Commits what a cut shows, which began to be read at a time in ms since the epoch. */
  readonly commitCut: (cut: GenerationCut, startedAtMs: number) => Promise<CommittedArchive>;
}

interface TakenTopics {
  readonly topics: readonly TopicSnapshot[];
  /** Those that may be seen and no more, and why. */
  readonly refused: ReadonlyMap<TopicSnapshot, KopsError>;
}

/** Keeps what a follow captures the same as what its globs mean: topics come, grow, go, and come again. */
export class TopicWatch {
  readonly #scope: TopicWatchScope;
  /** Lives that another has taken the place of. */
  readonly #past = new Set<TopicId>();

  constructor(scope: TopicWatchScope) {
    this.#scope = scope;
  }

  /** Looks once. At the end of a follow nothing is added any more. @throws what the Kafka client and the stores throw */
  async look({ mayAdd }: { readonly mayAdd: boolean }): Promise<void> {
    const { partitions, commit } = this.#scope;
    const changes = await this.#changes();
    await this.#endAll(changes.deleted, 'topic-deleted');
    await this.#endAll(changes.recreated, 'topic-recreated');
    if (!mayAdd) return;
    if (changes.recreated.length > 0) {
      // An archive shows one life of a name: the old one's last generation comes before the new one begins.
      await commit();
      for (const { topicId } of changes.recreated) {
        for (const partition of this.#partitionsOf(topicId)) partitions.forget(partition);
        this.#past.add(topicId);
      }
    }
    await this.#add(changes);
  }

  async #changes(): Promise<TopicChanges> {
    const { clock, kafka } = this.#scope.context;
    const first = this.#compare(await kafka.topics());
    if (first.deleted.length === 0) return first;
    await clock.sleep(absentMs);
    const second = this.#compare(await kafka.topics());
    const absent = new Set(first.deleted.map(({ topicId }) => topicId));
    return { ...second, deleted: second.deleted.filter(({ topicId }) => absent.has(topicId)) };
  }

  #compare(topics: readonly TopicMetadata[]): TopicChanges {
    const { request, prepared, partitions } = this.#scope;
    partitions.assignments.noteLeaders(topics);
    const seen = topics.map((topic) => ({
      name: topic.name,
      topicId: topicIdOf(prepared.snapshot.cluster.clusterId, topic),
      partitions: topic.partitions
        .filter(({ leader }) => leader >= 0)
        .map(({ partition }) => partition),
    }));
    const selection = { include: request.topics, exclude: request.exclude };
    return compareTopics(this.#known(), seen, selection, this.#past);
  }

  #known(): KnownTopic[] {
    const { partitions } = this.#scope;
    const byTopic = Map.groupBy(
      partitions.assignments.partitions,
      ({ sink }) => sink.plan.topic.topicId,
    );
    const known = [...byTopic].map(([topicId, members]) => ({
      name: members[0]?.sink.plan.topic.name ?? '',
      topicId,
      partitions: new Set(members.map(({ sink }) => sink.identity.partition)),
      ended: members.every((member) => partitions.hasEnded(member)),
    }));
    return known;
  }

  #partitionsOf(topicId: TopicId): AssignedPartition[] {
    return this.#scope.partitions.assignments.partitions.filter(
      ({ sink }) => sink.plan.topic.topicId === topicId,
    );
  }

  async #endAll(
    topics: readonly KnownTopic[],
    reason: 'topic-deleted' | 'topic-recreated',
  ): Promise<void> {
    const ended = topics.flatMap(({ topicId }) => this.#partitionsOf(topicId));
    await Promise.all(ended.map((partition) => this.#scope.partitions.end(partition, reason)));
  }

  async #add({ added, grown, recreated }: TopicChanges): Promise<void> {
    const { partitions } = this.#scope;
    const names = [...added, ...grown, ...recreated.map(({ name }) => name)];
    if (names.length === 0) return;
    const { topics, refused } = await this.#take(names);
    const plans = this.#plan(topics);
    await partitions.add(plans);
    for (const partition of partitions.assignments.partitions) {
      const why = refused.get(partition.sink.plan.topic);
      if (why !== undefined) await partitions.leaveOut(partition, why);
    }
    partitions.assignments.distribute();
    this.#tell(
      plans.filter(({ topic }) => !refused.has(topic)),
      grown,
    );
  }

  #plan(topics: readonly TopicSnapshot[]): PartitionPlan[] {
    const { context, prepared, partitions, request } = this.#scope;
    return planBackup({
      snapshot: { ...prepared.snapshot, topics },
      isolation: request.isolation,
      // None of these lives is in an archive.
      parentOf: () => undefined,
      epochEnd: () => undefined,
      nowMs: context.clock.now(),
      noParent: 'new: the topic was created during a follow',
    }).filter(
      ({ topic, snapshot: { partition } }) =>
        partitions.assignments.find({ topic: topic.name, partition }) === undefined,
    );
  }

  #tell(plans: readonly PartitionPlan[], grown: readonly string[]): void {
    for (const [topic, members] of Map.groupBy(plans, (plan) => plan.topic)) {
      const numbers = members.map(({ snapshot }) => snapshot.partition).join(', ');
      if (grown.includes(topic.name)) {
        const text = `topic ${topic.name} has new partitions: ${numbers}; capturing them from their log start`;
        this.#scope.onNotice('partitions-added', text);
      } else {
        const text = `topic ${topic.name} is new: capturing ${counted(members.length, 'partition')} from the log start`;
        this.#scope.onNotice('topic-added', text);
      }
    }
  }

  /** What there is of topics; none where one has gone again meanwhile: the next look tells. One that may only be seen is refused. */
  async #take(names: readonly string[]): Promise<TakenTopics> {
    const { kafka } = this.#scope.context;
    const { clusterId } = this.#scope.prepared.snapshot.cluster;
    try {
      return { topics: await takeTopics(kafka, clusterId, names), refused: new Map() };
    } catch (error) {
      if (KopsError.is(error, 'KOPS_TOPIC_NOT_FOUND')) return { topics: [], refused: new Map() };
      if (!KopsError.is(error, 'KOPS_ACCESS_DENIED')) throw error;
      if (names.length === 1) {
        const topics = await takeTopics(kafka, clusterId, names, { withConfigs: false });
        return { topics, refused: new Map(topics.map((topic) => [topic, error])) };
      }
    }
    // One by one, to find out which.
    const taken = await mapLimit(names, 4, (name) => this.#take([name]));
    return {
      topics: taken.flatMap(({ topics }) => topics),
      refused: new Map(taken.flatMap(({ refused }) => [...refused])),
    };
  }
}
