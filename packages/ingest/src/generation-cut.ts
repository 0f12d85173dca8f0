import { KopsError, type Offset } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { StartBackup } from '@kops/transport';
import { takeSnapshot, type ClusterSnapshot } from './cluster-snapshot.ts';
import type { CutPartition } from './commit-archive.ts';
import type { PartitionSink } from './partition-sink.ts';
import type { PreparedBackup } from './prepare-backup.ts';

/** What an archive is to show of every partition. */
export class GenerationCut {
  readonly snapshot: ClusterSnapshot;
  readonly #partitions: readonly Omit<CutPartition, 'cut'>[];
  /** The offset that a cut must not pass; what was archived beyond it waits for the next generation. */
  readonly #limits: readonly Offset[];
  readonly #fixed: boolean;

  constructor(
    snapshot: ClusterSnapshot,
    partitions: readonly Omit<CutPartition, 'cut'>[],
    limits: readonly Offset[],
    fixed: boolean,
  ) {
    this.snapshot = snapshot;
    this.#partitions = partitions;
    this.#limits = limits;
    this.#fixed = fixed;
  }

  /** The cuts; call it when all segments are sealed. A fixed cut stands as planned, any other follows the archived watermark. */
  partitions(): CutPartition[] {
    return this.#partitions.map((partition, index) => {
      const limit = this.#limits[index] ?? 0n;
      const { durable } = partition.sink;
      return { ...partition, cut: this.#fixed || durable > limit ? limit : durable };
    });
  }

  /**
   * One text for what an archive of these cuts shows. Cuts that follow the watermark move on by themselves: take it when they are committed, and
   * compare it later.
   */
  shown(partitions: readonly CutPartition[] = this.partitions()): string {
    const ends = partitions.map(({ cut, logStart }) => [String(cut), String(logStart)]);
    return JSON.stringify([ends, this.snapshot.groups], (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
  }
}

/** The cut of a snapshot: as planned at its start. */
export function cutAtPlan(
  { snapshot }: PreparedBackup,
  sinks: readonly PartitionSink[],
): GenerationCut {
  const partitions = sinks.map((sink) => ({
    sink,
    ...sink.plan.snapshot,
    logStart: sink.logStart,
  }));
  return new GenerationCut(
    snapshot,
    partitions,
    sinks.map(({ plan }) => plan.cut),
    true,
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
): Promise<GenerationCut> {
  const names = before.topics.map(({ name }) => name);
  const existing = new Set((await kafka.topics()).map(({ name }) => name));
  const present = names.filter((name) => existing.has(name));
  const now =
    present.length === 0 ? undefined : await takeSnapshot(kafka, { include: present, exclude: [] });
  const topics = new Map(now?.topics.map((topic) => [topic.name, topic]));
  const limits: Offset[] = [];
  const partitions = sinks.map((sink) => {
    const { topic, snapshot } = sink.plan;
    const seen = topics.get(topic.name);
    const same =
      seen?.topicId === topic.topicId
        ? seen.partitions.find(({ partition }) => partition === snapshot.partition)
        : undefined;
    // A leader that was just elected may not know yet how far the log is stable; what was said before holds.
    const current = same === undefined ? snapshot : sink.noteEnds(same);
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
    { ...before, groups: now?.groups ?? before.groups },
    partitions,
    limits,
    false,
  );
}
