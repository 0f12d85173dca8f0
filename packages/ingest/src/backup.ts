import { newArchiveId } from '@kops/archive-format';
import { formatTopicPartition, KopsError, mapLimit, toKopsError, type Offset } from '@kops/core';
import type {
  Ack,
  BackupProgress,
  BackupSummary,
  CommittedArchive,
  Duplex,
  Frame,
  OpenFrame,
  StartBackup,
} from '@kops/transport';
import type { ObjectStore } from '@kops/object-store';
import { Assignments, type AssignedPartition } from './assignments.ts';
import { beginCapture, type BegunCapture } from './begin-capture.ts';
import type { CaptureJournal } from './capture-journal.ts';
import { EventLog } from './event-log.ts';
import { GroupSync } from './group-sync.ts';
import { PartitionSink } from './partition-sink.ts';
import { checkStillExtends } from './plan-backup.ts';
import { type BackupContext, type PreparedBackup } from './prepare-backup.ts';
import { partitionKey, recoverPartition, type Leftovers } from './recovery.ts';
import { SinkSessions } from './sink-sessions.ts';
import { StreamSession } from './stream-session.ts';
import { cutAtPlan, cutNow, type GenerationCut } from './generation-cut.ts';
import { commitArchive } from './commit-archive.ts';
import { namedSegments, sweepLeftovers } from './sweep.ts';

/** How long a backup waits for its first agent, and for another when the last one is gone, in ms. */
const agentWaitMs = 30_000;
const revokeWaitMs = 30_000;

/** One backup from its plan to its last commit. */
export class Backup {
  readonly id: string;
  readonly request: StartBackup;
  readonly events: EventLog;
  readonly #context: BackupContext;
  readonly #prepared: PreparedBackup;
  readonly #journal: CaptureJournal;
  readonly #assignments: Assignments;
  readonly #groupSync: GroupSync;
  readonly #sessions = new SinkSessions();
  readonly #stop = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #waiters = new Set<() => void>();
  readonly #finished: Promise<void>;
  readonly #leftovers: Leftovers;
  /** Segments of this capture that its archives name. */
  readonly #named = new Set<string>();
  #state: BackupSummary['state'] = 'running';
  #lastArchive: CommittedArchive | undefined;
  #lastShown: string | undefined;
  #generation = 0;

  private constructor(
    request: StartBackup,
    context: BackupContext,
    prepared: PreparedBackup,
    { journal, leftovers }: BegunCapture,
  ) {
    this.id = journal.capture;
    this.request = request;
    this.#context = context;
    this.#prepared = prepared;
    this.#journal = journal;
    this.#leftovers = leftovers;
    this.events = new EventLog(() => this.progress());
    this.#groupSync = new GroupSync((error) => this.#failed.reject(error));
    this.#assignments = new Assignments(
      request.cluster,
      context.registry,
      {
        onGivenUp: (partition, error) => this.#onGivenUp(partition, error),
        onNotice: (text) => this.events.add({ type: 'notice', text }),
      },
      context.nextEpoch,
    );
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
    this.#stop.resolve();
  }

  /** Ends the backup without a commit; what is durable stays for the next one. */
  abort(error: KopsError): void {
    this.#failed.reject(error);
  }

  progress(): BackupProgress {
    const partitions = this.#assignments.partitions;
    let offsets = 0n;
    let offsetsDone = 0n;
    let bytes = 0;
    let losses = 0;
    for (const { sink, endOffset } of partitions) {
      const done = max(0n, sink.position - sink.plan.resume);
      offsetsDone += done;
      offsets += endOffset < 0n ? done : max(0n, endOffset - sink.plan.resume);
      bytes += sink.bytes;
      losses += sink.losses.length;
    }
    return {
      partitions: partitions.length,
      partitionsDone: partitions.filter(({ done }) => done).length,
      offsets,
      offsetsDone,
      bytes: BigInt(bytes),
      agents: this.#context.registry.agents.length,
      losses,
    };
  }

  summary(): BackupSummary {
    return {
      backupId: this.id,
      cluster: this.request.cluster,
      state: this.#state,
      follow: this.request.follow,
      lastArchive: this.#lastArchive?.archive ?? null,
      progress: this.progress(),
    };
  }

  /** The archived watermark of a partition; undefined for one that is not part of the backup. */
  watermark(topic: string, partition: number): Offset | undefined {
    return this.#assignments.find({ topic, partition })?.sink.durable;
  }

  /** Whether a stream is one that this backup has asked for. */
  assigned(open: OpenFrame): boolean {
    return this.#assignments.find(open)?.epoch === open.epoch;
  }

  /** Resolves when any watermark has moved or the backup has ended. */
  async watermarkMoved(): Promise<void> {
    if (!this.running) return;
    await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }

  /** Serves one PartitionStream of this backup. */
  async serveStream(
    open: OpenFrame,
    frames: AsyncIterator<Frame>,
    duplex: Duplex<Frame, Ack>,
  ): Promise<void> {
    const partition = this.#assignments.open(open, duplex);
    const { sink } = partition;
    const session = this.#newSession(partition, open.epoch, frames, duplex);
    try {
      const reason = await this.#sessions.run(sink, session, () =>
        this.#assignments.check(partition, open.epoch),
      );
      partition.failures = 0;
      if (reason === 'reached') partition.done = true;
    } catch (error) {
      this.#onSessionFailure(error);
      throw error;
    } finally {
      if (partition.stream === duplex) partition.stream = undefined;
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
      checkEpoch: () => this.#assignments.check(partition, epoch),
    });
  }

  async #run(): Promise<void> {
    const noAgent = this.#watchForAgents();
    try {
      await this.#recover();
      this.#assignments.distribute();
      const work = this.request.follow ? this.#follow() : this.#capture();
      // When the race is lost to a failure, the work ends by itself at its next turn.
      work.catch(() => undefined);
      await Promise.race([work, this.#failed.promise]);
      await this.#tidy();
      this.#state = 'finished';
      this.events.add({ type: 'finished' });
    } catch (error) {
      await this.#giveUp(toKopsError(error));
    } finally {
      clearInterval(noAgent);
      this.#context.running.delete(this.id);
      this.#assignments.close(new KopsError('KOPS_FENCED', 'the backup has ended'));
      this.#wake();
    }
  }

  /** Continues from what dead captures left, partition by partition. */
  async #recover(): Promise<void> {
    const stores = this.#context.repositories.map(({ store }) => store);
    let recovered = 0;
    for (const plan of this.#prepared.plans) {
      const sink = this.#openSink(plan);
      await recoverPartition(sink, this.#leftovers, stores, this.#context.clock);
      recovered += sink.bytes;
      this.#assignments.add(sink, this.request.follow ? -1n : plan.cut);
    }
    if (recovered > 0) {
      this.events.add({
        type: 'notice',
        text: `continuing an interrupted backup: ${(recovered / 1e6).toFixed(1)} MB were durable already`,
      });
    }
  }

  #openSink(plan: PreparedBackup['plans'][number]): PartitionSink {
    return new PartitionSink({
      clusterId: this.#prepared.snapshot.cluster.clusterId,
      plan,
      stores: this.#context.repositories.map(({ store }) => store),
      journal: this.#journal,
      segmentBytes: this.#context.segmentBytes,
      fixedCut: !this.request.follow,
      onDurable: (sink) => {
        this.#sessions.acknowledge(sink);
        this.#wake();
      },
    });
  }

  async #capture(): Promise<void> {
    while (!this.#assignments.partitions.every(({ done }) => done)) {
      this.#throwIfEnded();
      if (this.#state === 'stopping')
        throw new KopsError(
          'KOPS_INTERRUPTED',
          'the backup was stopped before its cut was reached',
        );
      await Promise.race([this.watermarkMoved(), this.#stop.promise]);
    }
    await this.#commit(cutAtPlan(this.#prepared, this.#sinks()));
  }

  async #follow(): Promise<void> {
    for (;;) {
      const stopped = await this.#stopOrInterval();
      this.#throwIfEnded();
      if (stopped) await this.#revoke();
      const cut = await cutNow(
        this.#context.kafka,
        this.request,
        this.#prepared.snapshot,
        this.#sinks(),
      );
      if (cut.shown() !== this.#lastShown) await this.#commit(cut);
      if (stopped) return;
    }
  }

  /** The run has failed beside this loop, which must not go on. */
  #throwIfEnded(): void {
    if (!this.running) throw new KopsError('KOPS_INTERRUPTED', 'the backup has ended');
  }

  async #stopOrInterval(): Promise<boolean> {
    const timer = Promise.withResolvers<false>();
    const handle = setTimeout(timer.resolve, this.request.generationIntervalMs, false as const);
    const stopped = await Promise.race([this.#stop.promise.then(() => true), timer.promise]);
    clearTimeout(handle);
    return stopped;
  }

  /** Has the agents end their streams, and waits until they have. */
  async #revoke(): Promise<void> {
    this.#assignments.revokeAll();
    const deadline = this.#context.clock.monotonic() + revokeWaitMs;
    while (this.#sessions.size > 0 && this.#context.clock.monotonic() < deadline)
      await this.#context.clock.sleep(20);
  }

  async #commit(cut: GenerationCut): Promise<void> {
    // A follow has read on all the time since.
    if (!this.request.follow) checkStillExtends(this.#prepared.plans, this.#context.clock.now());
    await mapLimit(this.#sinks(), 8, (sink) => sink.seal());
    const { clock, kafka, repositories, kopsVersion } = this.#context;
    const archive = newArchiveId(clock);
    const partitions = cut.partitions();
    const { committed, segments } = await commitArchive({
      kafka,
      repositories,
      snapshot: cut.snapshot,
      partitions,
      identity: {
        archive,
        series: this.id,
        kind: this.request.follow ? 'generation' : 'snapshot',
        generation: this.#generation++,
        parent: this.#lastArchive?.archive ?? this.#prepared.parents.latest?.archive ?? null,
        isolation: this.request.isolation,
        kopsVersion,
        startedAt: new Date(this.#prepared.startedAtMs).toISOString(),
        endedAt: new Date(clock.now()).toISOString(),
      },
    });
    for (const { sink, cut: end } of partitions) sink.transactions.forgetBelow(end);
    for (const key of segments) this.#named.add(key);
    this.#lastArchive = committed;
    this.#lastShown = cut.shown(partitions);
    this.events.add({ type: 'committed', ...committed });
  }

  async #tidy(): Promise<void> {
    await this.#groupSync.close();
    await mapLimit(this.#sinks(), 8, (sink) => sink.discard());
    const { repositories } = this.#context;
    const stores = repositories.map(({ store }) => store);
    const { snapshot, plans } = this.#prepared;
    const [first] = repositories;
    if (first !== undefined && this.#leftovers.captures.length > 0) {
      const named = await namedSegments(first, snapshot.cluster.clusterId, this.#leftovers);
      const captured = new Set(
        plans.map(({ topic, snapshot: { partition } }) =>
          partitionKey({ topicId: topic.topicId, partition }),
        ),
      );
      const settled = (partition: string): boolean =>
        captured.has(partition) ||
        !snapshot.liveTopics.has(partition.slice(0, partition.indexOf('/')));
      await sweepLeftovers(this.#leftovers, stores, settled, named);
    }
    await this.#sweepUnnamed(stores);
    await this.#journal.remove();
  }

  /** Removes what this capture has sealed and no archive shows: what lies beyond the last cut, or was truncated. */
  async #sweepUnnamed(stores: readonly ObjectStore[]): Promise<void> {
    const unnamed = this.#sinks().flatMap(({ sealedKeys }) =>
      sealedKeys.filter((key) => !this.#named.has(key)),
    );
    for (const store of stores) await mapLimit(unnamed, 8, (key) => store.delete(key));
  }

  async #giveUp(error: KopsError): Promise<void> {
    this.#state = 'failed';
    this.#assignments.close(error);
    await this.#groupSync.close();
    try {
      await mapLimit(this.#sinks(), 8, (sink) => sink.suspend());
      await this.#journal.release();
    } catch (later) {
      this.#context.logger.warn(
        'the interrupted backup could not be released; a successor finds it by its dead owner',
        { code: toKopsError(later).code },
      );
    }
    this.events.add({ type: 'failed', error });
  }

  #watchForAgents(): NodeJS.Timeout {
    const { clock, registry } = this.#context;
    let since = clock.monotonic();
    return setInterval(() => {
      if (registry.agents.length > 0) since = clock.monotonic();
      else if (clock.monotonic() - since > agentWaitMs) {
        this.#failed.reject(
          new KopsError(
            'KOPS_ARCHIVER_UNREACHABLE',
            `no agent has joined for ${String(agentWaitMs / 1000)} s`,
            {
              hint: "Start an agent with 'kops agent' and check that it reaches this archiver.",
            },
          ),
        );
      }
    }, 1000);
  }

  #onGivenUp(partition: AssignedPartition, error: KopsError): void {
    const { sink, endOffset } = partition;
    if (error.code !== 'KOPS_TOPIC_NOT_FOUND') {
      this.#failed.reject(error);
      return;
    }
    const to = endOffset >= 0n ? endOffset : sink.position;
    sink.lose({ from: sink.position, to, reason: 'topic-recreated', detail: error.message }).then(
      () => {
        partition.done = true;
        this.events.add({ type: 'notice', text: `${keyOf(sink)}: ${error.message}` });
        this.#wake();
      },
      (failure: unknown) => this.#failed.reject(failure),
    );
  }

  /** What concerns our disk or the bytes ends the backup; everything else is the agent's or the network's, and the partition moves. */
  #onSessionFailure(error: unknown): void {
    const failure = toKopsError(error);
    const fatal = [
      'KOPS_NO_SPACE',
      'KOPS_ACCESS_DENIED',
      'KOPS_STORAGE_UNREACHABLE',
      'KOPS_BATCH_CORRUPT',
      'KOPS_MAGIC_UNSUPPORTED',
      'KOPS_OFFSET_MISMATCH',
      'KOPS_UNEXPECTED',
    ];
    if (fatal.includes(failure.code)) this.#failed.reject(failure);
  }

  #sinks(): PartitionSink[] {
    return this.#assignments.partitions.map(({ sink }) => sink);
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const keyOf = ({ plan }: PartitionSink): string =>
  formatTopicPartition({ topic: plan.topic.name, partition: plan.snapshot.partition });
