import { KopsError, type Offset, type TopicId } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { Isolation, NoticeKind } from '@kops/transport';
import { keyOf, tp, type AssignedPartition } from './assigned-partition.ts';
import type { CapturedPartitions } from './captured-partitions.ts';
import { configValue, type TopicSnapshot } from './cluster-snapshot.ts';
import type { PartitionSink } from './partition-sink.ts';
import { tombstonesGone } from './tombstones.ts';

/** Where logs ended at a moment. */
export interface SeenEnds {
  readonly takenAtMs: number;
  readonly limits: ReadonlyMap<PartitionSink, Offset>;
  /** Topics as they were then, as far as they were asked for. */
  readonly topics: readonly TopicSnapshot[];
}

/**
 * Asks FORMAT.md's rule for compacted topics of what a backup has read since all of the log had last been read, and records a loss where it does not
 * hold: the archive may bring deleted keys back. Extensions of a snapshot are refused instead (`checkStillExtends`): the next run can do better.
 */
export class TombstoneWatch {
  readonly #partitions: CapturedPartitions;
  readonly #follow: boolean;
  readonly #now: () => number;
  readonly #onNotice: (kind: NoticeKind, text: string) => void;

  constructor(
    partitions: CapturedPartitions,
    options: {
      readonly follow: boolean;
      readonly now: () => number;
      readonly onNotice: (kind: NoticeKind, text: string) => void;
    },
  ) {
    this.#partitions = partitions;
    this.#follow = options.follow;
    this.#now = options.now;
    this.#onNotice = options.onNotice;
  }

  /** The same with the ends as they are now: between generations that are far apart. */
  async look(kafka: KafkaClient, isolation: Isolation): Promise<void> {
    const compacted = this.#partitions.assignments.partitions.filter(
      (one) => !this.#partitions.hasEnded(one) && isCompacted(one.sink),
    );
    if (compacted.length === 0) return;
    const takenAtMs = this.#now();
    const spec = isolation === 'read_committed' ? 'lastStable' : 'latest';
    try {
      const ends = await kafka.listOffsets(compacted.map(tp), spec);
      const limits = new Map(compacted.map(({ sink }, index) => [sink, ends[index] ?? 0n]));
      this.check({ takenAtMs, limits, topics: [] });
    } catch (error) {
      // One of them has just gone: the next look at the topics tells, and the rule is asked again then.
      if (!KopsError.is(error, 'KOPS_TOPIC_NOT_FOUND')) throw error;
    }
  }

  check({ takenAtMs, limits, topics }: SeenEnds): void {
    const current = new Map(topics.map((topic) => [topic.topicId, topic]));
    for (const partition of this.#partitions.assignments.partitions) {
      const limit = limits.get(partition.sink);
      if (limit !== undefined && this.#isAsked(partition))
        this.#checkOne(partition, { takenAtMs, limit, current });
    }
  }

  #isAsked(partition: AssignedPartition): boolean {
    return (
      partition.readSinceMs !== undefined &&
      !this.#partitions.hasEnded(partition) &&
      (this.#follow || partition.sink.plan.mode === 'baseline')
    );
  }

  #checkOne(
    partition: AssignedPartition,
    seen: {
      readonly takenAtMs: number;
      readonly limit: Offset;
      readonly current: ReadonlyMap<TopicId, TopicSnapshot>;
    },
  ): void {
    const { sink, readSinceMs = 0, readUntilMs = this.#now(), readEnd } = partition;
    const { limit, current, takenAtMs } = seen;
    const { durable } = sink;
    const { topic } = sink.plan;
    const isAtEnd = durable >= limit;
    // Where nothing has come since, nothing can have been missed.
    if (!isAtEnd || durable !== readEnd) {
      const configs = [topic.configs, (current.get(topic.topicId) ?? topic).configs];
      const gone = tombstonesGone(configs, readSinceMs, readUntilMs);
      if (gone !== undefined) this.#note(sink, isAtEnd ? limit : durable, gone);
    }
    if (!isAtEnd) return;
    partition.readEnd = durable;
    partition.readSinceMs = takenAtMs;
  }

  #note(sink: PartitionSink, at: Offset, detail: string): void {
    const reason = 'tombstones-may-be-gone';
    if (sink.losses.some((loss) => loss.reason === reason)) return;
    // No offsets are missing that could be named. Not in the journal: a successor asks the same of what it takes over.
    sink.losses.push({ from: at, to: at, reason, detail });
    this.#onNotice(reason, `${keyOf(sink)}: ${detail}`);
  }
}

/** An unknown policy may be compaction. */
function isCompacted({ plan }: PartitionSink): boolean {
  const policy = configValue(plan.topic.configs, 'cleanup.policy');
  return policy === null || policy.includes('compact');
}
