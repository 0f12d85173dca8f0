import type { Loss } from '@kops/archive-format';
import { mapLimit, toKopsError, type KopsError, type TopicId } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import type { NoticeKind } from '@kops/transport';
import type { JoinedAgent } from './agent-registry.ts';
import { keyOf, type AssignedPartition } from './assigned-partition.ts';
import { Assignments } from './assignments.ts';
import type { BegunCapture } from './begin-capture.ts';
import { PartitionSink } from './partition-sink.ts';
import type { PartitionPlan } from './plan-backup.ts';
import type { BackupContext, PreparedBackup } from './prepare-backup.ts';
import { readSince, recoverPartition } from './recovery.ts';
import { SinkSessions } from './sink-sessions.ts';

/** What has become of a topic. */
export type TopicEnd = 'topic-deleted' | 'topic-recreated';

/** What {@link CapturedPartitions} tells its backup. */
export interface CaptureEvents {
  readonly onNotice: (kind: NoticeKind, text: string) => void;
  readonly onGivenUp: (partition: AssignedPartition, error: KopsError) => void;
  /** Called whenever a watermark has moved or a partition has ended. */
  readonly onMoved: () => void;
}

/** What a capture is made for. */
export interface CaptureScope {
  readonly cluster: string;
  readonly follow: boolean;
  readonly context: BackupContext;
  readonly prepared: PreparedBackup;
  readonly begun: BegunCapture;
}

/** The partitions that a backup captures: their sinks, who carries them, and what has become of their topics. */
export class CapturedPartitions {
  readonly assignments: Assignments;
  readonly sessions = new SinkSessions();
  readonly #scope: CaptureScope;
  readonly #events: CaptureEvents;
  /** Sinks of lives that another has taken the place of. */
  readonly #past: PartitionSink[] = [];
  readonly #ends = new Map<AssignedPartition, Promise<void>>();
  readonly #endedTopics = new Set<TopicId>();

  constructor(scope: CaptureScope, events: CaptureEvents) {
    this.#scope = scope;
    this.#events = events;
    const { context, cluster } = scope;
    this.assignments = new Assignments(
      cluster,
      context.registry,
      {
        onGivenUp: events.onGivenUp,
        onNotice: events.onNotice,
        onJoined: (agent) => void this.#rebalance(agent),
      },
      context.nextEpoch,
    );
  }

  /** Gives an agent that has joined its share, by the leaders as they are now. Never rejects. */
  async #rebalance(agent: JoinedAgent): Promise<void> {
    const { kafka, logger } = this.#scope.context;
    try {
      this.assignments.noteLeaders(await kafka.topics());
    } catch (error) {
      // Where that cannot be asked, what was known decides: it is only about who is nearer.
      const { code } = toKopsError(error);
      logger.warn('partitions are shared by the leaders that were known', { code });
    }
    this.assignments.rebalance(agent);
  }

  get stores(): ObjectStore[] {
    return this.#scope.context.repositories.map(({ store }) => store);
  }

  /** Sinks of the partitions as they are now. */
  sinks(): PartitionSink[] {
    return this.assignments.partitions.map(({ sink }) => sink);
  }

  /** The same, and those of past lives. */
  allSinks(): PartitionSink[] {
    return [...this.#past, ...this.sinks()];
  }

  /** Takes a partition in, with what dead captures left of it. Returns the bytes of that. */
  async add(plan: PartitionPlan): Promise<number> {
    const { follow, begun, context } = this.#scope;
    const sink = this.#openSink(plan);
    await recoverPartition(sink, begun.leftovers, this.stores, context.clock);
    const partition = this.assignments.add(sink, follow ? -1n : plan.cut);
    if (sink.bytes > 0) {
      partition.readSinceMs ??= readSince(begun.leftovers);
      if (partition.done) partition.readUntilMs = context.clock.now();
    }
    return sink.bytes;
  }

  #openSink(plan: PartitionPlan): PartitionSink {
    const { prepared, begun, context, follow } = this.#scope;
    return new PartitionSink({
      clusterId: prepared.snapshot.cluster.clusterId,
      plan,
      stores: this.stores,
      journal: begun.journal,
      segmentBytes: context.segmentBytes,
      fixedCut: !follow,
      onDurable: (sink) => {
        this.sessions.acknowledge(sink);
        this.#events.onMoved();
      },
      onLoss: (sink, loss) => this.#events.onNotice('loss', describeLoss(sink, loss)),
    });
  }

  /** A partition's topic is gone: what was read of it stays, what is known to have been there is a loss. Harmless when called twice. */
  end(partition: AssignedPartition, reason: TopicEnd): Promise<void> {
    const known = this.#ends.get(partition);
    if (known !== undefined) return known;
    if (partition.done) return Promise.resolve();
    const ended = this.#end(partition, reason);
    this.#ends.set(partition, ended);
    return ended;
  }

  async #end(partition: AssignedPartition, reason: TopicEnd): Promise<void> {
    const { sink, endOffset } = partition;
    const { topicId, name } = sink.plan.topic;
    const what = reason === 'topic-deleted' ? 'was deleted' : 'was deleted and created anew';
    if (!this.#endedTopics.has(topicId)) {
      this.#endedTopics.add(topicId);
      this.#events.onNotice(reason, `topic ${name} ${what}: what was archived of it stays`);
    }
    this.assignments.retire(partition);
    await this.sessions.ended(sink);
    const { highWatermark } = sink.noteEnds({ highWatermark: -1n, lastStableOffset: -1n });
    const end = endOffset >= 0n ? endOffset : highWatermark;
    const from = sink.position;
    await sink.lose({
      from,
      to: end > from ? end : from,
      reason,
      detail: `the topic ${what} during the backup`,
    });
    this.#events.onMoved();
  }

  /** Whether a partition's topic is gone. */
  hasEnded(partition: AssignedPartition): boolean {
    return this.#ends.has(partition);
  }

  /** Forgets a partition whose life has ended, so that another life of it can be added. */
  forget(partition: AssignedPartition): void {
    this.assignments.remove(partition);
    this.#ends.delete(partition);
    this.#past.push(partition.sink);
  }

  /** Ends all sinks, keeping what is not sealed for a successor or removing it. */
  async close(how: 'suspend' | 'discard'): Promise<void> {
    await mapLimit(this.allSinks(), 8, (sink) => sink[how]());
  }
}

function describeLoss(sink: PartitionSink, { from, to, reason, detail }: Loss): string {
  const what =
    from === to
      ? `nothing more can be read at offset ${String(from)}`
      : `offsets ${String(from)} to ${String(to - 1n)} are lost`;
  return `${keyOf(sink)}: ${what} (${reason}): ${detail}`;
}
