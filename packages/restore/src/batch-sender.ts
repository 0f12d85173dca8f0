import { KopsError, type Offset, type TopicPartition } from '@kops/core';
import type { ProduceResult } from '@kops/kafka';
import type { FillContext, FillTask } from './fill-context.ts';
import { sentPiece, type PartitionProgress, type SentPiece } from './partition-progress.ts';
import { noProducer, type Omission, type Piece } from './piece.ts';

type Settled = { readonly result: ProduceResult } | { readonly error: unknown };

interface Outstanding {
  readonly piece: SentPiece;
  /** Never rejects: it may settle while nobody waits for it. */
  readonly settled: Promise<Settled>;
}

/**
 * Produces the pieces of one partition in order and checks where each one landed. One request is under way while the next
 * batch is read; never more, and never twice.
 *
 * Idempotent producers are of no use here: brokers forget a producer once its last record is older than
 * `producer.id.expiration.ms`, by the record's time, which restored records are. From then on, such as after a restart, they
 * take repeated batches and batches that overtook each other. Batches without producer id are not repeated by the client
 * when an answer is lost; what got through is then looked up, as by a resume.
 */
export class BatchSender {
  readonly #context: FillContext;
  readonly #task: FillTask;
  readonly #progress: PartitionProgress;
  readonly #place: TopicPartition;
  #outstanding: Outstanding | undefined;
  #target: Offset;

  constructor(context: FillContext, task: FillTask, progress: PartitionProgress, target: Offset) {
    this.#context = context;
    this.#task = task;
    this.#progress = progress;
    this.#target = target;
    this.#place = { topic: task.topic.target, partition: task.partition.partition };
  }

  /** Sends a piece once the one before is confirmed. The memory it was cut from may go when this resolves. */
  async send(piece: Piece, omissions: readonly Omission[]): Promise<void> {
    const { budget, messageLimits } = this.#context;
    await this.confirm();
    const taken = await budget.acquire(piece.estimatedBytes);
    let isSent = false;
    try {
      const batch = piece.build(noProducer);
      if (!messageLimits.allows(this.#task.topic, batch.byteLength)) {
        await messageLimits.raise(this.#task.topic, batch.byteLength);
      }
      this.#produce(batch, sentPiece(piece, this.#target, batch.byteLength, omissions), taken);
      isSent = true;
    } finally {
      if (!isSent) budget.release(taken);
    }
    this.#target += BigInt(piece.count);
  }

  /** Waits for the piece that is under way, if there is one. @throws KOPS_OFFSET_MISMATCH, KOPS_REFUSED and the errors of KafkaClient */
  async confirm(): Promise<void> {
    const outstanding = this.#outstanding;
    if (outstanding === undefined) return;
    const outcome = await outstanding.settled;
    this.#outstanding = undefined;
    if ('error' in outcome) throw KopsError.locate(outcome.error, this.#place);
    this.#checkPlace(outstanding.piece, outcome.result);
    await this.#progress.confirm(outstanding.piece);
    this.#context.progress.add(this.#place, outstanding.piece.count, outstanding.piece.bytes);
  }

  /** Waits until nothing is under way, whatever becomes of it: the target tells later. */
  async abandon(): Promise<void> {
    await this.#outstanding?.settled;
    this.#outstanding = undefined;
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
    this.#outstanding = { piece, settled };
  }

  #checkPlace({ base }: SentPiece, { baseOffset, logAppendTime }: ProduceResult): void {
    if (logAppendTime !== -1n) throw this.#stamped(base);
    if (baseOffset === base) return;
    throw new KopsError(
      'KOPS_OFFSET_MISMATCH',
      `a batch landed at offset ${String(baseOffset)} instead of ${String(base)}`,
      {
        at: { ...this.#place, offset: base },
        hint: `Somebody else writes to the topic. Stop that, delete topic ${this.#place.topic} on the target, and restore it anew.`,
      },
    );
  }

  #stamped(offset: Offset): KopsError {
    return new KopsError('KOPS_REFUSED', 'the target stamps records with its own time', {
      at: { ...this.#place, offset },
      hint: `Keep others from changing its configs, delete topic ${this.#place.topic} on the target, and restore it anew.`,
    });
  }
}
