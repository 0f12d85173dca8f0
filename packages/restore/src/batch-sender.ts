import {
  KopsError,
  throwIfAborted,
  toKopsError,
  type Offset,
  type TopicPartition,
} from '@kops/core';
import type { AppendedBatch, ProduceLane, ProduceListener } from '@kops/kafka';
import { BatchMemory, blockBytes, type Block } from './batch-memory.ts';
import type { FillContext, FillTask } from './fill-context.ts';
import { sentPiece, type PartitionProgress, type SentPiece } from './partition-progress.ts';
import type { Omission, Piece } from './piece.ts';
import type { BatchStamps } from './restore-producer.ts';

/** Of a partition, read and not confirmed: enough for the broker to have work while the next are read. */
const windowBytes = 1024 * 1024;

interface Sent {
  readonly piece: SentPiece;
  readonly block: Block | undefined;
  /** Taken of the budget for large batches. */
  readonly taken: number;
}

interface Waiter extends PromiseWithResolvers<undefined> {
  /** Resolves when so much or less is unconfirmed. */
  readonly bytes: number;
}

/** Where a sender begins, and as whom. */
export interface SenderStart {
  readonly target: Offset;
  readonly stamps: BatchStamps;
}

/**
 * Produces the pieces of one partition in order, several under way behind each other, and checks where each one landed. Nothing is
 * sent twice: when an answer is lost or a batch refused, the sender is of no use any more, and what got through is looked up as by a
 * resume.
 */
export class BatchSender implements ProduceListener {
  readonly #context: FillContext;
  readonly #task: FillTask;
  readonly #progress: PartitionProgress;
  readonly #place: TopicPartition;
  readonly #stamps: BatchStamps;
  readonly #memory: BatchMemory;
  readonly #windowBytes: number;
  #lane: ProduceLane | undefined;
  #sent: Sent[] = [];
  /** Of the oldest in `#sent` that is not confirmed. */
  #head = 0;
  #unconfirmedBytes = 0;
  #target: Offset;
  #failure: KopsError | undefined;
  #waiter: Waiter | undefined;

  private constructor(
    context: FillContext,
    task: FillTask,
    progress: PartitionProgress,
    { target, stamps }: SenderStart,
  ) {
    this.#context = context;
    this.#task = task;
    this.#progress = progress;
    this.#target = target;
    this.#stamps = stamps;
    this.#memory = new BatchMemory(context.blocks);
    this.#windowBytes = Math.min(windowBytes, context.limits.bytes / context.limits.partitions);
    this.#place = { topic: task.topic.target, partition: task.partition.partition };
  }

  /** @throws the errors of KafkaClient */
  static async open(
    context: FillContext,
    task: FillTask,
    progress: PartitionProgress,
    start: SenderStart,
  ): Promise<BatchSender> {
    const sender = new BatchSender(context, task, progress, start);
    const { kafka, signal } = context;
    sender.#lane = await kafka.openProduceLane({
      ...sender.#place,
      maxUnderWay: start.stamps.maxUnderWay,
      listener: sender,
      signal,
    });
    signal.addEventListener('abort', sender.#onAbort, { once: true });
    return sender;
  }

  /**
   * Queues a piece. The next one may come when the promise resolves, at once if there is none; until then the memory that it was cut
   * from must stay.
   * @throws KOPS_OFFSET_MISMATCH, KOPS_REFUSED and the errors of KafkaClient, of any piece before
   */
  send(piece: Piece, omissions: readonly Omission[]): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (piece.estimatedBytes > blockBytes) return this.#sendLarge(piece, omissions);
    return this.#queue(piece, omissions, 0);
  }

  /** Waits until everything is confirmed. @throws as {@link send} */
  async confirm(): Promise<void> {
    this.#lane?.end();
    await this.#until(0);
  }

  /** Must be called at the end, whatever it was. */
  close(): void {
    this.#lane?.close();
    this.#memory.close();
    this.#context.signal.removeEventListener('abort', this.#onAbort);
    for (const { taken } of this.#sent.slice(this.#head)) this.#context.budget.release(taken);
    this.#sent = [];
    this.#head = 0;
  }

  onAppended(batch: AppendedBatch): void {
    const sent = this.#shift();
    if (sent === undefined) return;
    const { piece, block, taken } = sent;
    const problem = this.#problemOf(piece, batch);
    if (problem !== undefined) {
      this.onFailed(problem);
      return;
    }
    if (block !== undefined) this.#memory.release(block);
    if (taken > 0) this.#context.budget.release(taken);
    this.#progress.confirm(piece);
    this.#context.progress.add(this.#place, piece.count, piece.bytes);
    this.#unconfirmedBytes -= piece.bytes;
    const waiter = this.#waiter;
    if (waiter === undefined || this.#unconfirmedBytes > waiter.bytes) return;
    this.#waiter = undefined;
    waiter.resolve(undefined);
  }

  onFailed(error: KopsError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#lane?.close();
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }

  readonly #onAbort = (): void => {
    try {
      throwIfAborted(this.#context.signal);
    } catch (thrown) {
      this.onFailed(toKopsError(thrown));
    }
  };

  /** A batch that is larger than the window waits for its share of memory. */
  async #sendLarge(piece: Piece, omissions: readonly Omission[]): Promise<void> {
    const taken = await this.#context.budget.acquire(piece.estimatedBytes);
    let isQueued = false;
    try {
      const wait = this.#queue(piece, omissions, taken);
      isQueued = true;
      await wait;
    } finally {
      if (!isQueued) this.#context.budget.release(taken);
    }
  }

  #queue(piece: Piece, omissions: readonly Omission[], taken: number): Promise<void> | undefined {
    const place = piece.reencoded ? undefined : this.#memory.place(piece.estimatedBytes);
    const batch = piece.build(this.#stamps.next(piece.count), place?.bytes);
    const bytes = batch.byteLength;
    const sent = sentPiece(piece, this.#target, bytes, omissions);
    this.#target += BigInt(piece.count);
    this.#unconfirmedBytes += bytes;
    this.#sent.push({ piece: sent, block: place?.block, taken });
    if (!this.#context.messageLimits.allows(this.#task.topic, bytes)) return this.#raise(batch);
    this.#lane?.push(batch);
    if (this.#unconfirmedBytes < this.#windowBytes) return undefined;
    // Few waits for small batches; with large ones the next answer makes room, lest all of them run out first.
    const isLarge = bytes > this.#windowBytes / 4;
    return this.#until(isLarge ? this.#unconfirmedBytes - 1 : this.#windowBytes / 2);
  }

  async #raise(batch: Uint8Array): Promise<void> {
    this.#lane?.end();
    await this.#context.messageLimits.raise(this.#task.topic, batch.byteLength);
    this.#lane?.push(batch);
    await this.#until(this.#windowBytes / 2);
  }

  async #until(bytes: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#unconfirmedBytes <= bytes) return;
    const waiter = { ...Promise.withResolvers<undefined>(), bytes };
    this.#waiter = waiter;
    await waiter.promise;
  }

  #shift(): Sent | undefined {
    const sent = this.#sent[this.#head];
    this.#head += 1;
    if (this.#head === this.#sent.length || this.#head === 1024) {
      this.#sent = this.#sent.slice(this.#head);
      this.#head = 0;
    }
    return sent;
  }

  #problemOf(
    { base }: SentPiece,
    { baseOffset, logAppendTime }: AppendedBatch,
  ): KopsError | undefined {
    const at = { ...this.#place, offset: base };
    const { topic } = this.#place;
    if (logAppendTime !== -1n) {
      return new KopsError(
        'KOPS_REFUSED',
        'the target replaces the timestamps of records (message.timestamp.type is no longer CreateTime)',
        {
          at,
          hint: `Stop whatever changes the configs of topic ${topic}, delete the topic on the target, and restore it again.`,
        },
      );
    }
    if (baseOffset === base) return undefined;
    return new KopsError(
      'KOPS_OFFSET_MISMATCH',
      `the target wrote a batch at offset ${String(baseOffset)}, expected ${String(base)}`,
      {
        at,
        hint: `Stop the other producers of topic ${topic}, delete the topic on the target, and restore it again.`,
      },
    );
  }
}
