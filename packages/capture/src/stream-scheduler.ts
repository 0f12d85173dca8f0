import {
  KopsError,
  mapLimit,
  Semaphore,
  formatTopicPartition,
  toKopsError,
  type Logger,
  type Offset,
} from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { CaptureClient, PartitionAssignment } from '@kops/transport';
import type { CaptureLimits } from './log-cursor.ts';
import { runPartitionStream, type StreamOutcome } from './partition-stream.ts';

/** What the scheduler needs. */
export interface SchedulerOptions {
  readonly agentId: string;
  readonly capture: CaptureClient;
  /** A connected client of a cluster of the agent's configuration. */
  readonly connect: (cluster: string) => Promise<KafkaClient>;
  /** Streams at a time, at most 64. */
  readonly capacity: number;
  /** Bytes that fetched data may hold in memory. */
  readonly budgetBytes: number;
  readonly limits: CaptureLimits;
  /** How often followed partitions without a stream are looked at, in ms. */
  readonly pollMs: number;
  readonly logger: Logger;
  readonly onFailed: (assignment: PartitionAssignment, error: KopsError) => void;
}

interface Task {
  readonly assignment: PartitionAssignment;
  readonly cluster: string;
  readonly stop: AbortController;
  state: 'queued' | 'running' | 'standing';
  next: Offset;
}

const keyOf = (assignment: { topic: string; partition: number; epoch: bigint }): string =>
  `${formatTopicPartition(assignment)}@${String(assignment.epoch)}`;

/** Runs the streams of an agent's assignments, a bounded number at a time. */
export class StreamScheduler {
  readonly #options: SchedulerOptions;
  readonly #tasks = new Map<string, Task>();
  readonly #queue: Task[] = [];
  readonly #budget: Semaphore;
  readonly #running = new Set<Promise<void>>();
  #poll: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#budget = new Semaphore(options.budgetBytes);
  }

  assign(cluster: string, assignments: readonly PartitionAssignment[]): void {
    for (const assignment of assignments) {
      const task: Task = {
        assignment,
        cluster,
        stop: new AbortController(),
        state: 'queued',
        next: -1n,
      };
      this.#tasks.set(keyOf(assignment), task);
      this.#queue.push(task);
    }
    this.#fill();
  }

  revoke(partitions: readonly { topic: string; partition: number; epoch: bigint }[]): void {
    for (const partition of partitions) this.#drop(keyOf(partition));
  }

  /** Ends all streams and waits for them. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#poll);
    for (const key of [...this.#tasks.keys()]) this.#drop(key);
    await Promise.all(this.#running);
  }

  #drop(key: string): void {
    const task = this.#tasks.get(key);
    if (task === undefined) return;
    this.#tasks.delete(key);
    const queued = this.#queue.indexOf(task);
    if (queued >= 0) this.#queue.splice(queued, 1);
    task.stop.abort(new KopsError('KOPS_INTERRUPTED', 'the assignment was revoked'));
  }

  #fill(): void {
    while (!this.#stopped && this.#running.size < this.#options.capacity) {
      const task = this.#queue.shift();
      if (task === undefined) break;
      task.state = 'running';
      const run = this.#run(task).finally(() => {
        this.#running.delete(run);
        this.#fill();
      });
      this.#running.add(run);
    }
    if (!this.#stopped) this.#poll ??= this.#startPolling();
  }

  async #run(task: Task): Promise<void> {
    try {
      const kafka = await this.#options.connect(task.cluster);
      this.#onEnded(task, await this.#stream(task, kafka));
    } catch (error) {
      const known = this.#tasks.delete(keyOf(task.assignment));
      if (known && !KopsError.is(error, 'KOPS_FENCED'))
        this.#options.onFailed(task.assignment, toKopsError(error));
    }
  }

  #stream(task: Task, kafka: KafkaClient): Promise<StreamOutcome> {
    const { agentId, capture, limits } = this.#options;
    return runPartitionStream(task.assignment, {
      agentId,
      cluster: task.cluster,
      kafka,
      capture,
      budget: this.#budget,
      limits,
      signal: task.stop.signal,
    });
  }

  #onEnded(task: Task, outcome: StreamOutcome): void {
    if (outcome.reason === 'idle' && this.#tasks.has(keyOf(task.assignment))) {
      task.state = 'standing';
      task.next = outcome.next;
      return;
    }
    this.#tasks.delete(keyOf(task.assignment));
  }

  #startPolling(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#wakeStanding().then(
        () => this.#pollAgain(),
        (error: unknown) => {
          // A cluster that cannot be asked now: the standing partitions are given back, so that the failure is the archiver's to judge.
          this.#failStanding(toKopsError(error));
          this.#pollAgain();
        },
      );
    }, this.#options.pollMs);
  }

  #pollAgain(): void {
    this.#poll = undefined;
    this.#fill();
  }

  async #wakeStanding(): Promise<void> {
    const clusters = Map.groupBy(this.#standing(), (task) => task.cluster);
    await mapLimit(clusters, 4, async ([cluster, tasks]) => {
      const kafka = await this.#options.connect(cluster);
      const ends = await this.#endsOf(kafka, tasks);
      tasks.forEach((task, index) => {
        if (task.state !== 'standing' || ends?.[index] === task.next) return;
        task.state = 'queued';
        this.#queue.push(task);
      });
    });
  }

  /** Log ends; undefined when one of the topics is gone: each stream then finds out for its own. */
  async #endsOf(kafka: KafkaClient, tasks: readonly Task[]): Promise<Offset[] | undefined> {
    try {
      return await kafka.listOffsets(
        tasks.map((task) => task.assignment),
        'latest',
      );
    } catch (error) {
      if (KopsError.is(error, 'KOPS_TOPIC_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  #failStanding(error: KopsError): void {
    for (const task of this.#standing()) {
      this.#tasks.delete(keyOf(task.assignment));
      this.#options.onFailed(task.assignment, error);
    }
  }

  #standing(): Task[] {
    return [...this.#tasks.values()].filter((task) => task.state === 'standing');
  }
}
