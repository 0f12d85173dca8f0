import { formatTopicPartition, KopsError, type Clock, type Offset } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { StartBackup } from '@kops/transport';
import { keyOf } from './assigned-partition.ts';
import { takeSnapshot, type ClusterSnapshot, type TopicSnapshot } from './cluster-snapshot.ts';
import type { CutPartition } from './commit-archive.ts';
import type { LogEnds, PartitionSink } from './partition-sink.ts';
import { passTo } from './passed-offsets.ts';
import type { PreparedBackup } from './prepare-backup.ts';

/** What an archive is to show of every partition. */
export class GenerationCut {
  readonly snapshot: ClusterSnapshot;
  /** When the ends were asked for, ms since the epoch. */
  readonly takenAtMs: number;
  readonly #partitions: readonly Omit<CutPartition, 'cut'>[];
  /** The offset that a cut must not pass; what was archived beyond it waits for the next generation. */
  readonly #limits: readonly Offset[];
  readonly #fixed: boolean;

  constructor(
    snapshot: ClusterSnapshot,
    partitions: readonly Omit<CutPartition, 'cut'>[],
    limits: readonly Offset[],
    { fixed, takenAtMs }: { readonly fixed: boolean; readonly takenAtMs: number },
  ) {
    this.snapshot = snapshot;
    this.takenAtMs = takenAtMs;
    this.#partitions = partitions;
    this.#limits = limits;
    this.#fixed = fixed;
  }

  /**
   * The cuts; call it when all segments are sealed. A fixed cut stands as planned, any other follows what is sealed, and not the archived
   * watermark: data keeps coming, and what has become durable since a partition was sealed would be a hole in the archive.
   */
  partitions(): CutPartition[] {
    return this.#cutAt(({ sealedEnd }) => sealedEnd);
  }

  #cutAt(endOf: (sink: PartitionSink) => Offset): CutPartition[] {
    return this.#partitions.map((partition, index) => {
      const limit = this.#limits[index] ?? 0n;
      const end = endOf(partition.sink);
      return { ...partition, cut: this.#fixed || end > limit ? limit : end };
    });
  }

  get topics(): readonly TopicSnapshot[] {
    return this.snapshot.topics;
  }

  /** Up to where each sink's log could be shown when the ends were asked for. */
  get limits(): ReadonlyMap<PartitionSink, Offset> {
    return new Map(
      this.#partitions.map(({ sink }, index) => [sink, this.#limits[index] ?? 0n] as const),
    );
  }

  /** Notes as lost what log starts have passed before it was captured. Only when no stream can note it any more: at the end of a follow. */
  async passLogStarts(): Promise<void> {
    for (const { sink, logStart } of this.#partitions) await passTo(sink, logStart);
  }

  /**
   * One text for what an archive of these cuts shows; without any, for what one would show if everything durable were sealed. Cuts move on by
   * themselves: take it when they are committed, and compare it later.
   */
  shown(partitions: readonly CutPartition[] = this.#cutAt(({ durable }) => durable)): string {
    const ends = partitions.map(({ sink, cut, logStart }) => {
      const { topicId, partition } = sink.identity;
      const { losses, purges } = sink.told;
      return [topicId, partition, cut, logStart, losses.length, purges.length];
    });
    return JSON.stringify([ends, this.snapshot.groups], (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
  }
}

/** The cut of a snapshot: as planned at its start; all there is of topics that were gone before. */
export function cutAtPlan(
  { snapshot, startedAtMs }: PreparedBackup,
  sinks: readonly PartitionSink[],
): GenerationCut {
  const partitions = sinks.map((sink) => ({
    sink,
    ...sink.plan.snapshot,
    ...(sink.plan.gone === undefined ? {} : lastEnds(sink)),
    logStart: sink.logStart,
  }));
  return new GenerationCut(
    snapshot,
    partitions,
    // What could not be captured to its end is shown up to where it was.
    sinks.map((sink) =>
      sink.plan.gone === undefined && !isLeftOut(sink) ? sink.plan.cut : sink.durable,
    ),
    { fixed: true, takenAtMs: startedAtMs },
  );
}

/** The cut of what log starts have passed: all that was left of it. Of groups, what they have read of these partitions. */
export function cutAtLeftovers(
  { snapshot, startedAtMs }: PreparedBackup,
  sinks: readonly PartitionSink[],
): GenerationCut {
  const shown = new Set(sinks.map(keyOf));
  const groups = snapshot.groups.map((group) => ({
    ...group,
    offsets: group.offsets.filter((offset) => shown.has(formatTopicPartition(offset))),
  }));
  return new GenerationCut(
    { ...snapshot, groups: groups.filter(({ offsets }) => offsets.length > 0) },
    sinks.map((sink) => ({ sink, ...lastEnds(sink), logStart: sink.logStart })),
    sinks.map(({ position }) => position),
    { fixed: false, takenAtMs: startedAtMs },
  );
}

const attempts = 5;

/** The cut of a generation: the ends and groups as they are now. A topic may vanish while it is asked about; then all is asked again. */
export async function cutNow(...args: Parameters<typeof cutPresent>): Promise<GenerationCut> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await cutPresent(...args);
    } catch (error) {
      if (attempt === attempts || !KopsError.is(error, 'KOPS_TOPIC_NOT_FOUND')) throw error;
    }
  }
}

async function cutPresent(
  kafka: KafkaClient,
  request: StartBackup,
  before: ClusterSnapshot,
  sinks: readonly PartitionSink[],
  clock: Clock,
): Promise<GenerationCut> {
  const takenAtMs = clock.now();
  // The newest that is known of each: partitions that were added later know a larger topic.
  const captured = new Map(sinks.map(({ plan }) => [plan.topic.topicId, plan.topic]));
  // One question about a topic that may not be read would end them all.
  const names = new Set(
    sinks.filter((sink) => !isLeftOut(sink)).map(({ plan }) => plan.topic.name),
  );
  const existing = new Set((await kafka.topics()).map(({ name }) => name));
  const present = [...names].filter((name) => existing.has(name));
  const now =
    present.length === 0 ? undefined : await takeSnapshot(kafka, { include: present, exclude: [] });
  const topics = new Map(now?.topics.map((topic) => [topic.name, topic]));
  const limits: Offset[] = [];
  const partitions = sinks.map((sink) => {
    const { topic, snapshot } = sink.plan;
    const seen = topics.get(topic.name);
    const same =
      seen?.topicId === topic.topicId
        ? seen.partitions.find(
            ({ partition, fault }) => partition === snapshot.partition && fault === undefined,
          )
        : undefined;
    // A leader that was just elected may not know yet how far the log is stable; what was said before holds.
    const current = same === undefined ? lastEnds(sink) : sink.noteEnds(same);
    if (same !== undefined && seen !== undefined) captured.set(topic.topicId, seen);
    limits.push(
      same === undefined
        ? sink.durable
        : request.isolation === 'read_committed'
          ? current.lastStableOffset
          : current.highWatermark,
    );
    return {
      sink,
      highWatermark: current.highWatermark,
      lastStableOffset: current.lastStableOffset,
      logStart: (same ?? snapshot).logStart,
    };
  });
  return new GenerationCut(
    {
      ...before,
      topics: [...captured.values()],
      groups: now?.groups ?? before.groups,
      groupFaults: now?.groupFaults ?? before.groupFaults ?? [],
    },
    partitions,
    limits,
    { fixed: false, takenAtMs },
  );
}

/** Whether the capture of a partition was given up. */
export const isLeftOut = ({ losses }: PartitionSink): boolean =>
  losses.some(({ reason }) => reason === 'fetch-gave-up');

/** Ends of a log that cannot be asked any more: what was fetched was below them, whatever was said before. */
function lastEnds(sink: PartitionSink): LogEnds {
  const { highWatermark, lastStableOffset } = sink.noteEnds({
    highWatermark: -1n,
    lastStableOffset: -1n,
  });
  const end = sink.durable;
  return {
    highWatermark: end > highWatermark ? end : highWatermark,
    lastStableOffset: end > lastStableOffset ? end : lastStableOffset,
  };
}
