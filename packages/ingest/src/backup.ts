import { KopsError, toKopsError, type Offset } from '@kops/core';
import type {
  Ack,
  BackupProgress,
  BackupSummary,
  CommittedArchive,
  Duplex,
  Frame,
  NoticeKind,
  OpenFrame,
  StartBackup,
  WatermarkQuery,
} from '@kops/transport';
import { ArchiveCommits } from './archive-commits.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import { progressOf } from './backup-progress.ts';
import { BackupWatches } from './backup-watches.ts';
import { beginCapture, type BegunCapture } from './begin-capture.ts';
import { CapturedPartitions } from './captured-partitions.ts';
import { EventLog } from './event-log.ts';
import { resolvesWithin } from './resolves-within.ts';
import { logEvent, logStart } from './log-event.ts';
import { takeOverGone } from './take-over-gone.ts';
import { takeOverPassed } from './take-over-passed.ts';
import { lookEveryMs, TopicWatch, type TopicWatchScope } from './topic-watch.ts';
import { cutAtPlan, cutNow, type GenerationCut } from './generation-cut.ts';
import { GroupSync } from './group-sync.ts';
import { checkStillExtends } from './plan-backup.ts';
import type { BackupContext, PreparedBackup } from './prepare-backup.ts';
import { StreamSession } from './stream-session.ts';
import { topicEndOf } from './topic-end.ts';
import { TombstoneWatch } from './tombstone-watch.ts';
import type { PartitionSink } from './partition-sink.ts';
import { isArchiverFault, isPartitionFault } from './partition-fault.ts';
import { sweepCapture } from './sweep-capture.ts';

const revokeWaitMs = 30_000;
/** Before a partition is tried again whose topic seemed to be gone, in ms. */
const tryAgainMs = 1_000;
/** Before a cluster that does not answer counts as away, in ms. */
const probeMs = 5_000;
/** So often in a row it is tried. */
const maxSeemingEnds = 10;
/** Before a follow tries again what an outage has kept it from, in ms. */
const outagePauseMs = 1_000;

/** One backup from its plan to its last commit. */
export class Backup {
  readonly id: string;
  readonly request: StartBackup;
  readonly events: EventLog;
  readonly #context: BackupContext;
  readonly #prepared: PreparedBackup;
  readonly #begun: BegunCapture;
  readonly #partitions: CapturedPartitions;
  readonly #commits: ArchiveCommits;
  readonly #tombstones: TombstoneWatch;
  readonly #groupSync: GroupSync;
  readonly #stop = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #waiters = new Set<() => void>();
  readonly #finished: Promise<void>;
  /** How often in a row a partition's topic seemed to be gone and was not. */
  readonly #seemingEnds = new WeakMap<AssignedPartition, number>();
  readonly #watches: BackupWatches;
  #state: BackupSummary['state'] = 'running';

  private constructor(
    request: StartBackup,
    context: BackupContext,
    prepared: PreparedBackup,
    begun: BegunCapture,
  ) {
    this.id = begun.journal.capture;
    this.request = request;
    this.#context = context;
    this.#prepared = prepared;
    this.#begun = begun;
    this.events = new EventLog(
      () => this.progress(),
      (event) => logEvent(context.logger, this.id, event),
    );
    logStart(context.logger, this.id, request);
    this.#watches = new BackupWatches(request, context, {
      onNotice: (kind, text) => this.#notice(kind, text),
      onFailed: (error) => this.#failed.reject(error),
    });
    this.#groupSync = new GroupSync((error) => this.#failed.reject(error));
    this.#commits = new ArchiveCommits(this.id, request, context, prepared);
    this.#partitions = new CapturedPartitions(
      { request, context, prepared, begun },
      {
        onGivenUp: (partition, error) => this.#onGivenUp(partition, error),
        onNotice: (kind, text) => this.#notice(kind, text),
        onMoved: () => this.#wake(),
      },
    );
    this.#partitions.expect(prepared.plans);
    this.#tombstones = new TombstoneWatch(this.#partitions, {
      follow: request.follow,
      now: () => context.clock.now(),
      onNotice: (kind, text) => this.#notice(kind, text),
    });
    void begun.heartbeat.fenced.then((error) => this.#failed.reject(error));
    // Awaited by the run; this only keeps a failure in between from counting as unhandled.
    this.#failed.promise.catch(() => undefined);
    this.#finished = this.#run();
  }

  /** Begins a prepared backup. @throws KOPS_HELD when another one runs */
  static async begin(
    request: StartBackup,
    context: BackupContext,
    prepared: PreparedBackup,
  ): Promise<Backup> {
    return new Backup(request, context, prepared, await beginCapture(context, prepared));
  }

  get running(): boolean {
    return this.#state === 'running' || this.#state === 'stopping';
  }

  /** Resolves when the backup has ended, however it ended. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** Ends the backup cleanly: what is durable is committed. */
  stop(): void {
    if (this.#state === 'running') this.#state = 'stopping';
    this.#watches.stopping();
    this.#stop.resolve();
  }

  /** Ends the backup without a commit; what is durable stays for the next one. */
  abort(error: KopsError): void {
    this.#failed.reject(error);
  }

  progress(): BackupProgress {
    const { partitions } = this.#partitions.assignments;
    return progressOf(partitions, this.#context.registry.agents.length);
  }

  summary(): BackupSummary {
    return {
      backupId: this.id,
      cluster: this.request.cluster,
      state: this.#state,
      follow: this.request.follow,
      lastArchive: this.#commits.last?.archive ?? null,
      progress: this.progress(),
    };
  }

  /** The archived watermark of a partition; undefined for one that is not part of the backup. */
  watermark(at: WatermarkQuery): Offset | undefined {
    return this.#partitions.watermark(at);
  }

  /** Whether a stream is one that this backup has asked for. */
  assigned(open: OpenFrame): boolean {
    return this.#partitions.assignments.find(open)?.epoch === open.epoch;
  }

  /** Resolves when any watermark has moved or the backup has ended. */
  async watermarkMoved(): Promise<void> {
    if (this.running) await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }

  /** Serves one PartitionStream of this backup. */
  async serveStream(
    open: OpenFrame,
    frames: AsyncIterator<Frame>,
    duplex: Duplex<Frame, Ack>,
  ): Promise<void> {
    const partition = this.#partitions.assignments.open(open, duplex);
    const { sink } = partition;
    const session = this.#newSession(partition, open.epoch, frames, duplex);
    partition.readSinceMs ??= this.#context.clock.now();
    try {
      const reason = await this.#partitions.sessions.run(sink, session, () =>
        this.#partitions.assignments.check(partition, open.epoch),
      );
      partition.failures = 0;
      if (reason === 'reached') {
        partition.done = true;
        partition.readUntilMs = this.#context.clock.now();
      }
    } catch (error) {
      this.#onSessionFailure(error, sink);
      throw error;
    } finally {
      this.#partitions.assignments.released(partition, duplex);
      this.#wake();
    }
  }

  #newSession(
    partition: AssignedPartition,
    epoch: bigint,
    frames: AsyncIterator<Frame>,
    duplex: Duplex<Frame, Ack>,
  ): StreamSession {
    const { sink } = partition;
    return new StreamSession({
      sink,
      duplex,
      frames,
      groupSync: this.#groupSync,
      budget: this.#context.budget,
      segmentBytes: this.#context.segmentBytes,
      checkEpoch: () => this.#partitions.assignments.check(partition, epoch),
    });
  }

  async #run(): Promise<void> {
    const endWatches = this.#watches.start();
    try {
      await this.#recover();
      this.#partitions.assignments.distribute();
      const work = this.request.follow ? this.#follow() : this.#capture();
      // When the race is lost to a failure, the work ends by itself at its next turn.
      await Promise.race([work, this.#failed.promise]);
      await this.#tidy();
      this.#state = 'finished';
      this.events.add({ type: 'finished' });
    } catch (error) {
      await this.#giveUp(toKopsError(error));
    } finally {
      endWatches();
      this.#context.running.delete(this.id);
      this.#partitions.assignments.close(new KopsError('KOPS_FENCED', 'the backup has ended'));
      this.#wake();
    }
  }

  /** Continues from what dead captures left, partition by partition. */
  async #recover(): Promise<void> {
    const scope = this.#watchScope();
    await takeOverGone(scope, this.#begun.leftovers);
    await takeOverPassed(scope, this.#begun.leftovers);
    const recovered = await this.#partitions.add(this.#prepared.plans);
    for (const { group, error } of this.#prepared.snapshot.groupFaults ?? []) {
      if (this.request.strict) throw error;
      this.#notice(
        'loss',
        `${group === null ? 'some groups' : `group ${group}`}: ${error.message}`,
      );
    }
    for (const partition of this.#partitions.assignments.partitions) {
      const { fault } = partition.sink.plan;
      // A follow tries again what may pass.
      const mayPass = this.request.follow && fault?.retryable === true;
      if (fault !== undefined && !mayPass) await this.#leaveOut(partition, fault);
    }
    if (recovered === 0) return;
    const durable = (recovered / 1024 ** 2).toFixed(1);
    const text = `resuming an interrupted backup: ${durable} MiB are already durable`;
    this.#notice('continued', text);
  }

  async #capture(): Promise<void> {
    while (!this.#partitions.assignments.partitions.every(({ done }) => done)) {
      this.#throwIfEnded();
      if (this.#state === 'stopping')
        throw new KopsError('KOPS_INTERRUPTED', 'the backup was stopped before it reached its cut');
      await Promise.race([this.watermarkMoved(), this.#stop.promise]);
    }
    // Partitions count as done before their losses are noted.
    await this.#partitions.endsNoted();
    const { fruitlessFor } = this.#partitions;
    if (fruitlessFor !== undefined) throw fruitlessFor;
    checkStillExtends(this.#prepared.plans, this.#context.clock.now());
    const cut = cutAtPlan(this.#prepared, this.#partitions.sinks());
    this.#tombstones.check(cut);
    await this.#commit(cut);
  }

  async #follow(): Promise<void> {
    const { clock } = this.#context;
    const { generationIntervalMs: interval } = this.request;
    const watch = new TopicWatch(this.#watchScope());
    for (let due = clock.monotonic() + interval; ;) {
      const left = due - clock.monotonic();
      const stopped = await resolvesWithin(
        this.#stop.promise,
        Math.max(0, Math.min(left, lookEveryMs)),
      );
      this.#throwIfEnded();
      const isDue = stopped || clock.monotonic() >= due;
      const isDone = await this.#unlessAway(() => this.#followOnce(watch, stopped, isDue));
      if (isDone && isDue) due = clock.monotonic() + interval;
      if (isDone && stopped) return;
    }
  }

  async #followOnce(watch: TopicWatch, stopped: boolean, isDue: boolean): Promise<void> {
    await watch.look({ mayAdd: !stopped });
    if (stopped) await this.#revoke();
    if (isDue) await this.#commitGeneration({ isLast: stopped });
    else await this.#tombstones.look(this.#context.kafka, this.request.isolation);
  }

  /** Does what needs Kafka; where Kafka is away, that is noted and to be done again. Returns whether it was done. */
  async #unlessAway(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.#watches.outage.back('follow');
      return true;
    } catch (error) {
      if (!KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE')) throw error;
      this.#throwIfEnded();
      this.#watches.outage.lost('follow', error);
      await this.#context.clock.sleep(outagePauseMs);
      return false;
    }
  }

  #watchScope(): TopicWatchScope {
    return {
      request: this.request,
      context: this.#context,
      prepared: this.#prepared,
      partitions: this.#partitions,
      onNotice: (kind, text) => this.#notice(kind, text),
      commit: () => this.#commitGeneration(),
      commitCut: (cut, startedAtMs) => this.#commit(cut, startedAtMs),
    };
  }

  async #commitGeneration({ isLast = false } = {}): Promise<void> {
    this.#throwIfEnded();
    const { kafka, clock } = this.#context;
    const { snapshot } = this.#prepared;
    const cut = await cutNow(kafka, this.request, snapshot, this.#partitions.sinks(), clock);
    if (isLast && this.#partitions.sessions.size === 0) await cut.passLogStarts();
    this.#tombstones.check(cut);
    if (this.#commits.isNew(cut)) await this.#commit(cut);
  }

  /** The run has failed beside this loop, which must not go on. */
  #throwIfEnded(): void {
    if (!this.running) throw new KopsError('KOPS_INTERRUPTED', 'the backup has ended');
  }

  /** Has the agents end their streams, and waits until they have. */
  async #revoke(): Promise<void> {
    this.#partitions.assignments.revokeAll();
    const deadline = this.#context.clock.monotonic() + revokeWaitMs;
    while (this.#partitions.sessions.size > 0 && this.#context.clock.monotonic() < deadline)
      await this.#context.clock.sleep(20);
  }

  async #commit(cut: GenerationCut, startedAtMs?: number): Promise<CommittedArchive> {
    const committed = await this.#commits.commit(cut, startedAtMs);
    this.events.add({ type: 'committed', ...committed });
    return committed;
  }

  async #tidy(): Promise<void> {
    await this.#groupSync.close();
    await this.#partitions.close('discard');
    await sweepCapture(this.#partitions, this.#begun, {
      repository: this.#context.repositories[0],
      cluster: this.#prepared.snapshot.cluster.clusterId,
      named: this.#commits.named,
    });
    await this.#begun.heartbeat.stop();
    await this.#begun.journal.remove();
  }

  async #giveUp(error: KopsError): Promise<void> {
    this.#state = 'failed';
    this.#partitions.assignments.close(error);
    await this.#groupSync.close();
    try {
      await this.#partitions.close('suspend');
      await this.#begun.heartbeat.stop();
      await this.#begun.journal.release();
    } catch (later) {
      this.#context.logger.warn(
        'releasing the interrupted backup failed; the next backup resumes it after its owner has exited',
        { code: toKopsError(later).code },
      );
    }
    this.events.add({ type: 'failed', error });
  }

  #onGivenUp(partition: AssignedPartition, error: KopsError): void {
    const settle =
      error.code === 'KOPS_TOPIC_NOT_FOUND'
        ? this.#endOrTryAgain(partition, error)
        : this.request.follow && error.retryable
          ? this.#tryLater()
          : isPartitionFault(error)
            ? this.#leaveOut(partition, error)
            : Promise.reject(error);
    settle.catch((failure: unknown) => this.#failed.reject(failure));
  }

  /** One partition that cannot be captured must not cost the others. A cluster that is away is no fault of a partition. */
  async #leaveOut(partition: AssignedPartition, error: KopsError): Promise<void> {
    if (this.request.strict) throw error;
    if (error.retryable) await this.#context.kafka.probe({ timeoutMs: probeMs });
    await this.#partitions.leaveOut(partition, error);
    const cameLater = !this.#prepared.plans.includes(partition.sink.plan);
    const { fruitlessFor } = this.#partitions;
    if (!cameLater && fruitlessFor !== undefined) throw fruitlessFor;
  }

  /** A follow outlasts an outage. */
  async #tryLater(): Promise<void> {
    await this.#context.clock.sleep(tryAgainMs);
    this.#partitions.assignments.distribute();
  }

  /** An agent's broker may only not have heard of the topic yet: the cluster is asked what has become of it. */
  async #endOrTryAgain(partition: AssignedPartition, error: KopsError): Promise<void> {
    const { clusterId } = this.#prepared.snapshot.cluster;
    const end = await topicEndOf(this.#context.kafka, clusterId, partition.sink.plan.topic);
    if (end !== undefined) {
      await this.#partitions.end(partition, end);
      return;
    }
    const times = (this.#seemingEnds.get(partition) ?? 0) + 1;
    this.#seemingEnds.set(partition, times);
    if (times > maxSeemingEnds) throw error;
    await this.#context.clock.sleep(tryAgainMs);
    this.#partitions.assignments.distribute();
  }

  /** What concerns our disk, or bytes that changed on their way to it, ends the backup; everything else is the partition's, the agent's or the network's, and the partition moves. */
  #onSessionFailure(error: unknown, { isRejected }: PartitionSink): void {
    const failure = toKopsError(error);
    if (isRejected || isArchiverFault(failure)) this.#failed.reject(failure);
  }

  #notice(kind: NoticeKind, text: string): void {
    // One notice tells of the outage, not one per partition and attempt.
    if (kind === 'partition-failed' && this.#watches.outage.error !== undefined) return;
    this.events.add({ type: 'notice', kind, text });
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }
}
