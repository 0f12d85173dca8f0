import { KopsError, type Offset, type TopicPartition } from '@kops/core';
import type { ProduceResult, ProducerIdentity } from '@kops/kafka';
import type { FillContext, FillTask } from './fill-context.ts';
import { sentPiece, type PartitionProgress, type SentPiece } from './partition-progress.ts';
import type { Omission, Piece } from './piece.ts';

/** Sequences are int32 and start again at 0 after 2^31 - 1. */
const sequences = 2 ** 31;

/** The sequence after a batch of `count` records that had `sequence`. */
export function nextSequence(sequence: number, count: number): number {
  return (sequence + count) % sequences;
}

type Settled = { readonly result: ProduceResult } | { readonly error: unknown };

interface InFlight {
  readonly piece: SentPiece;
  /** Never rejects, so that a failure behind another one is no unhandled rejection. */
  readonly settled: Promise<Settled>;
}

/** What a pipeline starts from. */
export interface PipelineStart {
  readonly target: Offset;
  readonly identity: ProducerIdentity;
  /** Default 0. */
  readonly sequence?: number;
}

/** Produces the pieces of one partition in order, several at a time, and checks where each one landed. */
export class ProducePipeline {
  readonly #context: FillContext;
  readonly #task: FillTask;
  readonly #progress: PartitionProgress;
  readonly #identity: ProducerIdentity;
  readonly #place: TopicPartition;
  readonly #inFlight: InFlight[] = [];
  #sequence: number;
  #target: Offset;

  constructor(context: FillContext, task: FillTask, progress: PartitionProgress, start: PipelineStart) {
    this.#context = context;
    this.#task = task;
    this.#progress = progress;
    this.#identity = start.identity;
    this.#sequence = start.sequence ?? 0;
    this.#target = start.target;
    this.#place = { topic: task.topic.target, partition: task.partition.partition };
  }

  /** Sends a piece once there is room for it. The piece may go when this resolves; it is confirmed later. */
  async send(piece: Piece, omissions: readonly Omission[]): Promise<void> {
    const { budget, limits } = this.#context;
    while (this.#inFlight.length >= limits.inFlight) await this.#confirmOldest();
    const taken = await budget.acquire(piece.estimatedBytes);
    let isSent = false;
    try {
      const batch = piece.build({ ...this.#identity, baseSequence: this.#sequence });
      await this.#makeRoomFor(batch.byteLength);
      this.#produce(batch, sentPiece(piece, this.#target, batch.byteLength, omissions), taken);
      isSent = true;
    } finally {
      if (!isSent) budget.release(taken);
    }
    this.#sequence = nextSequence(this.#sequence, piece.count);
    this.#target += BigInt(piece.count);
  }

  /** Waits until all that was sent is confirmed. */
  async drain(): Promise<void> {
    while (this.#inFlight.length > 0) await this.#confirmOldest();
  }

  /**
   * Waits until nothing is under way. What comes after a batch that failed is not confirmed, even if it got there: the
   * target tells later.
   */
  async abandon(): Promise<void> {
    await Promise.all(this.#inFlight.map(({ settled }) => settled));
    this.#inFlight.length = 0;
  }

  #produce(batch: Uint8Array, piece: SentPiece, taken: number): void {
    const { kafka, budget, signal } = this.#context;
    const settled = kafka
      .produce({ ...this.#place, batch, signal })
      .then(
        (result): Settled => ({ result }),
        (error: unknown): Settled => ({ error }),
      )
      .finally(() => {
        budget.release(taken);
      });
    this.#inFlight.push({ piece, settled });
  }

  /** A larger batch than the topic takes waits for the ones before it, so that a refusal hits it alone. */
  async #makeRoomFor(bytes: number): Promise<void> {
    const { messageLimits } = this.#context;
    if (messageLimits.allows(this.#task.topic, bytes)) return;
    await this.drain();
    await messageLimits.raise(this.#task.topic, bytes);
  }

  async #confirmOldest(): Promise<void> {
    const oldest = this.#inFlight[0];
    if (oldest === undefined) return;
    const outcome = await oldest.settled;
    this.#inFlight.shift();
    if ('error' in outcome) throw KopsError.locate(outcome.error, this.#place);
    this.#checkBase(oldest.piece, outcome.result);
    await this.#progress.confirm(oldest.piece);
    this.#context.progress.add(this.#place, oldest.piece.count, oldest.piece.bytes);
  }

  #checkBase({ base }: SentPiece, { baseOffset, duplicate }: ProduceResult): void {
    // A duplicate's base offset may be unknown; the log end is checked when the partition is full.
    if (baseOffset === base || (duplicate && baseOffset === -1n)) return;
    throw new KopsError('KOPS_OFFSET_MISMATCH', `a batch landed at offset ${String(baseOffset)} instead of ${String(base)}`, {
      at: { ...this.#place, offset: base },
      hint: `Somebody else writes to the topic. Stop that, delete topic ${this.#place.topic} on the target, and restore it anew.`,
    });
  }
}
