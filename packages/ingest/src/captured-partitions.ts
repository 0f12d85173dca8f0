import { describeLoss, type Loss } from '@kops/archive-format';
import {
  formatTopicPartition,
  mapLimit,
  matchesGlob,
  toKopsError,
  type KopsError,
  type Offset,
  type TopicId,
  type TopicPartition,
} from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import type { NoticeKind, StartBackup } from '@kops/transport';
import type { JoinedAgent } from './agent-registry.ts';
import { keyOf, type AssignedPartition } from './assigned-partition.ts';
import { Assignments } from './assignments.ts';
import type { BegunCapture } from './begin-capture.ts';
import { PartitionSink } from './partition-sink.ts';
import { toCapturedTopic } from './gone-topics.ts';
import type { HeldEnd, PartitionPlan, TopicEnd } from './plan-backup.ts';
import type { BackupContext, PreparedBackup } from './prepare-backup.ts';
import { recoverPartition } from './recover-partition.ts';
import { partitionKey, readSince } from './recovery.ts';
import { SinkSessions } from './sink-sessions.ts';

/** Of a loss, in characters: FORMAT.md. */
const maxDetail = 1024;

/** What {@link CapturedPartitions} tells its backup. */
export interface CaptureEvents {
  readonly onNotice: (kind: NoticeKind, text: string) => void;
  readonly onGivenUp: (partition: AssignedPartition, error: KopsError) => void;
  /** Called whenever a watermark has moved or a partition has ended. */
  readonly onMoved: () => void;
}

/** What a capture is made for. */
export interface CaptureScope {
  readonly request: Pick<StartBackup, 'cluster' | 'follow' | 'strict' | 'expectPurge'>;
  readonly context: BackupContext;
  readonly prepared: PreparedBackup;
  readonly begun: Pick<BegunCapture, 'journal' | 'leftovers'>;
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
  readonly #leftOut = new Map<AssignedPartition, KopsError>();
  readonly #endedTopics = new Set<TopicId>();
  /** Losses that an archive of {@link takeOverPassed} tells of, by partition. */
  readonly #told = new Map<string, readonly Loss[]>();
  /** Up to where an archive of {@link takeOverPassed} holds partitions. */
  readonly #heldNow = new Map<string, HeldEnd>();
  /** Sinks of partitions that are about to be added. */
  readonly #expected = new Map<PartitionPlan, PartitionSink>();
  /** The sink of each partition's last life, from when it is expected on. */
  readonly #newest = new Map<string, PartitionSink>();

  constructor(scope: CaptureScope, events: CaptureEvents) {
    this.#scope = scope;
    this.#events = events;
    const { context, request } = scope;
    this.assignments = new Assignments(
      request.cluster,
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
      logger.warn(
        'could not refresh the partition leaders; assigning partitions by the last known leaders',
        { code },
      );
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

  /** Announces partitions that {@link add} will take in, so that their watermarks can be asked for before anything is recovered. */
  expect(plans: readonly PartitionPlan[]): void {
    for (const plan of plans) this.#expected.set(plan, this.#openSink(plan));
  }

  /** The archived watermark of a partition, also of one whose topic has ended; undefined for one that is not part of the backup. */
  watermark(at: TopicPartition): Offset | undefined {
    return this.#newest.get(formatTopicPartition(at))?.durable;
  }

  /** Takes partitions in, with what dead captures left of them. Returns the bytes of that. */
  async add(plans: readonly PartitionPlan[]): Promise<number> {
    await this.#recordTopics(plans);
    let recovered = 0;
    for (const plan of plans) recovered += await this.#addOne(plan);
    return recovered;
  }

  /** Before anything of them is captured. */
  async #recordTopics(plans: readonly PartitionPlan[]): Promise<void> {
    const topics = new Set(plans.map(({ topic }) => topic));
    if (topics.size > 0)
      await this.#scope.begun.journal.recordTopics([...topics].map(toCapturedTopic));
  }

  async #addOne(plan: PartitionPlan): Promise<number> {
    const { request, begun, context } = this.#scope;
    const sink = this.#expected.get(plan) ?? this.#openSink(plan);
    this.#expected.delete(plan);
    const key = partitionKey(sink.identity);
    const told = this.#told.get(key);
    const held = this.#heldNow.get(key);
    if (held !== undefined) sink.held = held;
    await recoverPartition(sink, begun.leftovers, this.stores, context.clock, told);
    if (sink.passed !== undefined) this.#tellLoss(sink, sink.passed);
    const partition = this.assignments.add(sink, request.follow ? -1n : plan.cut);
    if (sink.bytes > 0) {
      partition.readSinceMs ??= readSince(begun.leftovers);
      if (partition.done) partition.readUntilMs = context.clock.now();
    }
    return sink.bytes;
  }

  /**
   * Takes in all partitions of a topic that is gone, with what dead captures left of them, and ends them. Where archives have all of that already the
   * topic is left out. Returns what was taken in.
   */
  async takeOver(plans: readonly PartitionPlan[]): Promise<AssignedPartition[]> {
    await this.#recordTopics(plans);
    const sinks: PartitionSink[] = [];
    for (const plan of plans) sinks.push(await this.#recoverGone(plan));
    if (!sinks.some(tellsNews)) {
      this.#past.push(...sinks);
      return [];
    }
    const taken = sinks.map((sink) => this.assignments.add(sink, -1n));
    for (const partition of taken) {
      const { gone } = partition.sink.plan;
      await this.end(partition, gone === 'topic-recreated' ? gone : 'topic-deleted');
    }
    return taken;
  }

  /**
   * Takes in what dead captures left of partitions whose log start has passed it, which {@link add} takes in as well, as they are now. Nobody captures
   * what is returned: sinks that have anything that no archive has. Once it is in an archive, {@link passedArchived} is to be told.
   */
  async takeOverPassed(plans: readonly PartitionPlan[]): Promise<PartitionSink[]> {
    const { begun, context } = this.#scope;
    await this.#recordTopics(plans);
    const taken: PartitionSink[] = [];
    for (const plan of plans) {
      const sink = this.#openSink(plan);
      this.#past.push(sink);
      await recoverPartition(sink, begun.leftovers, this.stores, context.clock);
      if (sink.bytes > 0) taken.push(sink);
    }
    return taken;
  }

  /** An archive has what {@link takeOverPassed} took in. */
  passedArchived(sinks: readonly PartitionSink[]): void {
    const archived = new Set(sinks);
    for (const { identity, losses, held } of sinks) {
      const key = partitionKey(identity);
      this.#told.set(key, losses);
      if (held !== undefined) this.#heldNow.set(key, held);
    }
    // A follow may go on for months: nothing of them is needed any more.
    this.#past.splice(0, Infinity, ...this.#past.filter((sink) => !archived.has(sink)));
  }

  async #recoverGone(plan: PartitionPlan): Promise<PartitionSink> {
    const { begun, context } = this.#scope;
    const sink = this.#openSink(plan);
    await recoverPartition(sink, begun.leftovers, this.stores, context.clock);
    const archived = plan.parent?.partition.cut ?? plan.resume;
    if (sink.position >= archived) return sink;
    // What was left ends below what an archive shows: that is the better one.
    this.#past.push(sink);
    return this.#openSink({ ...plan, resume: archived });
  }

  #expectsPurge(topic: string): boolean {
    return this.#scope.request.expectPurge.some((pattern) => matchesGlob(pattern, topic));
  }

  /** Expected deletions may come every few seconds: the archive tells of them. */
  #tellLoss(sink: PartitionSink, loss: Loss): void {
    if (loss.reason === 'retention' && this.#expectsPurge(sink.plan.topic.name)) return;
    this.#events.onNotice('loss', tellLoss(sink, loss));
  }

  #openSink(plan: PartitionPlan): PartitionSink {
    const { prepared, begun, context, request } = this.#scope;
    const sink = new PartitionSink({
      clusterId: prepared.snapshot.cluster.clusterId,
      plan,
      stores: this.stores,
      journal: begun.journal,
      segmentBytes: context.segmentBytes,
      fixedCut: !request.follow && plan.gone === undefined,
      keepDamaged: !request.strict,
      onDurable: (sink) => {
        this.sessions.acknowledge(sink);
        this.#events.onMoved();
      },
      onLoss: (sink, loss) => this.#tellLoss(sink, loss),
      expectsPurge: this.#expectsPurge(plan.topic.name),
    });
    // What dead captures left of an older life is not what is asked for.
    const key = keyOf(sink);
    const before = this.#newest.get(key);
    if (plan.gone === undefined || before === undefined || before.plan.gone !== undefined)
      this.#newest.set(key, sink);
    return sink;
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
    const { plan } = sink;
    const { topicId, name } = plan.topic;
    const what = reason === 'topic-deleted' ? 'was deleted' : 'was deleted and recreated';
    if (!this.#endedTopics.has(topicId)) {
      this.#endedTopics.add(topicId);
      const stays =
        plan.gone === undefined
          ? 'its archived data is kept'
          : 'data that an interrupted backup captured is added to an archive';
      this.#events.onNotice(reason, `topic ${name} ${what}: ${stays}`);
    }
    this.assignments.retire(partition);
    await this.sessions.ended(sink);
    const { highWatermark } = sink.noteEnds({ highWatermark: -1n, lastStableOffset: -1n });
    const noted = endNotedBefore(sink);
    const from = sink.position;
    const end = farthest(endOffset >= 0n ? endOffset : highWatermark, noted?.to ?? from);
    await sink.lose({
      from,
      to: farthest(end, from),
      reason,
      detail:
        plan.gone === undefined
          ? `the topic ${what} during the backup`
          : `the topic ${what} after an interrupted backup captured it up to this offset`,
    });
    this.#events.onMoved();
  }

  /**
   * A partition cannot be captured, or not to its end: the others go on. That is a loss without offsets, since the next backup may be able to. Harmless
   * when called twice.
   */
  leaveOut(partition: AssignedPartition, why: KopsError): Promise<void> {
    const known = this.#ends.get(partition);
    if (known !== undefined) return known;
    const left = this.#leaveOut(partition, why);
    this.#ends.set(partition, left);
    this.#leftOut.set(partition, why);
    return left;
  }

  /** Why no partition at all can be captured, and nothing new of any was; undefined where that is not so. */
  get fruitlessFor(): KopsError | undefined {
    const all = this.assignments.partitions;
    const isFruitless = all.every(
      (one) => this.#leftOut.has(one) && one.sink.position === one.sink.plan.resume,
    );
    return isFruitless ? [...this.#leftOut.values()][0] : undefined;
  }

  /** Resolves when all that is known of ended partitions is noted. */
  async endsNoted(): Promise<void> {
    await Promise.all(this.#ends.values());
  }

  async #leaveOut(partition: AssignedPartition, { code, message }: KopsError): Promise<void> {
    const { sink } = partition;
    const { topicId, name } = sink.plan.topic;
    if (code === 'KOPS_ACCESS_DENIED' && !this.#endedTopics.has(topicId)) {
      this.#endedTopics.add(topicId);
      const text = `topic ${name} is not captured, other topics continue: ${message}`;
      this.#events.onNotice('topic-not-captured', text);
    }
    this.assignments.retire(partition);
    await this.sessions.ended(sink);
    const { position: at } = sink;
    const detail = message.slice(0, maxDetail);
    await sink.lose({ from: at, to: at, reason: 'fetch-gave-up', detail });
    this.#events.onMoved();
  }

  /** Whether a partition's topic is gone, or may not be read. */
  hasEnded(partition: AssignedPartition): boolean {
    return this.#ends.has(partition);
  }

  /** Forgets a partition whose life has ended, so that another life of it can be added. */
  forget(partition: AssignedPartition): void {
    this.assignments.remove(partition);
    this.#ends.delete(partition);
    this.#leftOut.delete(partition);
    this.#past.push(partition.sink);
  }

  /** Ends all sinks, keeping what is not sealed for a successor or removing it. */
  async close(how: 'suspend' | 'discard'): Promise<void> {
    await mapLimit(this.allSinks(), 8, (sink) => sink[how]());
  }
}

const farthest = (a: Offset, b: Offset): Offset => (a > b ? a : b);

/** The end that a dead capture has noticed of the topic: taken out, since it is about to be told anew, behind all that was recovered. */
function endNotedBefore({ losses }: PartitionSink): Loss | undefined {
  const index = losses.findIndex(
    ({ reason }) => reason === 'topic-deleted' || reason === 'topic-recreated',
  );
  return index < 0 ? undefined : losses.splice(index, 1)[0];
}

/** Whether there is anything that no archive shows or tells of. */
function tellsNews({ plan, position, losses }: PartitionSink): boolean {
  const archived = plan.parent?.partition.cut ?? plan.resume;
  return position > archived || losses.length > plan.losses.length;
}

function tellLoss(sink: PartitionSink, loss: Loss): string {
  return `${keyOf(sink)}: ${describeLoss(loss)}: ${loss.detail}`;
}
