import { KopsError } from '@kops/core';
import type { ProducedPartition } from '../apis/produce-v8.ts';
import { kafkaCode } from '../error-codes.ts';
import type { ProduceLane, ProduceLaneOptions } from '../port.ts';
import { produceFailure } from './produce-failure.ts';

/** What a lane tells the pipe that it is part of. */
export interface LanePipe {
  /** There may be something to send. */
  wake(): void;
  /** The lane has nothing to send any more. */
  leave(lane: PartitionLane): void;
}

/**
 * Batches of one partition on their way over one connection. Once a batch has no good outcome nothing more is sent: those behind it
 * that are under way settle first, then the failure is told.
 */
export class PartitionLane implements ProduceLane {
  readonly topic: string;
  readonly partition: number;
  readonly #pipe: LanePipe;
  readonly #options: ProduceLaneOptions;
  #queue: Uint8Array[] = [];
  /** Of the oldest batch in the queue: shifting an array of hundreds is slow. */
  #head = 0;
  #underWay = 0;
  /** Until a first batch is acknowledged, a broker that knows nothing of its producer takes whichever sequence comes first. */
  #isProven = false;
  #isOpen = true;
  #isEnding = false;
  #failure: KopsError | undefined;

  constructor(pipe: LanePipe, options: ProduceLaneOptions) {
    this.#pipe = pipe;
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
  }

  push(batch: Uint8Array): void {
    if (!this.#isOpen || this.#failure !== undefined) return;
    this.#isEnding = false;
    this.#queue.push(batch);
    this.#pipe.wake();
  }

  end(): void {
    this.#isEnding = true;
    this.#pipe.wake();
  }

  close(): void {
    this.#isOpen = false;
    this.#clear();
    this.#pipe.leave(this);
  }

  get #mayTake(): boolean {
    return this.#underWay < (this.#isProven ? this.#options.maxUnderWay : 1);
  }

  /** Size of the batch that may be sent now; undefined when there is none. */
  get readyBytes(): number | undefined {
    return this.#mayTake ? this.#queue[this.#head]?.length : undefined;
  }

  /** Whether its next batch is not there yet, but on its way: worth waiting for while others are under way. */
  get isStarved(): boolean {
    return this.#queue.length === 0 && this.#underWay > 0 && this.#mayTake && !this.#isEnding;
  }

  /** Takes the batch that {@link readyBytes} told of. */
  take(): Uint8Array | undefined {
    const batch = this.#queue[this.#head];
    this.#head += 1;
    this.#underWay += 1;
    if (this.#head === this.#queue.length) this.#clear();
    return batch;
  }

  /** The oldest batch under way has an answer. */
  settle(outcome: ProducedPartition): void {
    if (outcome.errorCode !== kafkaCode.none) {
      this.fail(produceFailure(outcome));
      return;
    }
    this.#underWay -= 1;
    this.#isProven = true;
    if (this.#failure !== undefined) this.#tellFailure();
    else if (this.#isOpen) this.#options.listener.onAppended(outcome);
  }

  /** The oldest batch under way has none, or a bad one. */
  fail(error: unknown): void {
    this.#underWay -= 1;
    const { topic, partition } = this;
    this.#failure ??= KopsError.locate(error, { topic, partition });
    this.#clear();
    this.#tellFailure();
  }

  #clear(): void {
    this.#queue = [];
    this.#head = 0;
  }

  #tellFailure(): void {
    if (this.#underWay > 0 || this.#failure === undefined) return;
    this.#pipe.leave(this);
    if (this.#isOpen) this.#options.listener.onFailed(this.#failure);
    this.#isOpen = false;
  }
}
