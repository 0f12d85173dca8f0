import {
  cleanedUp,
  KopsError,
  throwIfAborted,
  toKopsError,
  type Offset,
  type TopicPartition,
} from '@kops/core';
import type { LocatedBatch } from '@kops/repository';
import { BatchSender } from './batch-sender.ts';
import { readingRanges, type OffsetRange } from './chosen-records.ts';
import { confirmOnTarget } from './compare-piece.ts';
import { settleOptions, type FillContext, type FillTask } from './fill-context.ts';
import { readLogEnd, settleLogEnds } from './log-end.ts';
import { MappingWriter } from './mapping-file.ts';
import { PartitionProgress, sentPiece } from './partition-progress.ts';
import { cutBatch, noProducer, type CutRules, type Omission, type Piece } from './piece.ts';
import { mappingPath, type Checkpoint } from './restore-state.ts';

/** Recoveries without a single batch in between, where the broker refuses batches for no reason that passes. */
const maxFruitlessRecoveries = 3;

/**
 * Writes what the archive shows of a partition, from a checkpoint on.
 *
 * When an answer is lost or the broker refuses a batch (its leader moved, a config is not in effect yet), nothing is sent again
 * blindly: what is there is found out as by a resume, and the filling goes on after it.
 *
 * @throws KOPS_OFFSET_MISMATCH, and the errors of KafkaClient and Archive.
 */
export async function fillPartition(
  context: FillContext,
  task: FillTask,
  start: Checkpoint,
): Promise<Checkpoint> {
  const patience = new Patience(context);
  let checkpoint = start;
  for (let attempts = 0; ; attempts++) {
    const before = checkpoint.acknowledged;
    const attempt = await fillOnce(context, task, checkpoint, attempts);
    if (attempt.error === undefined) return attempt.checkpoint;
    checkpoint = attempt.checkpoint;
    if (!patience.allows(attempt.error, checkpoint.acknowledged > before)) throw attempt.error;
  }
}

/** How long a partition is tried again while nothing gets through. */
class Patience {
  readonly #context: FillContext;
  #fruitless = 0;
  #since: number;

  constructor(context: FillContext) {
    this.#context = context;
    this.#since = context.clock.monotonic();
  }

  allows(error: KopsError, hasMoved: boolean): boolean {
    const { clock, limits, signal } = this.#context;
    this.#fruitless = hasMoved ? 0 : this.#fruitless + 1;
    if (hasMoved) this.#since = clock.monotonic();
    if (signal.aborted) return false;
    if (KopsError.is(error, 'KOPS_KAFKA_PROTOCOL')) return this.#fruitless < maxFruitlessRecoveries;
    return (
      KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE') &&
      clock.monotonic() - this.#since < limits.settleDeadlineMs
    );
  }
}

interface Attempt {
  readonly checkpoint: Checkpoint;
  readonly error: KopsError | undefined;
}

async function fillOnce(
  context: FillContext,
  task: FillTask,
  start: Checkpoint,
  attemptsBefore: number,
): Promise<Attempt> {
  await using mapping = await MappingWriter.openAt(
    mappingPath(context.state.path, task.key),
    start.mapping,
  );
  const progress = new PartitionProgress(start, mapping);
  const filler = new PartitionFiller(context, task, progress);
  try {
    return { checkpoint: await filler.run(start, attemptsBefore), error: undefined };
  } catch (thrown) {
    const failure = await cleanedUp(thrown, () => mapping.flush());
    // What was mapped is not on the disk: the checkpoint must not be used.
    if (failure !== thrown) throw failure;
    return { checkpoint: progress.checkpoint, error: toKopsError(thrown) };
  }
}

const none: readonly Omission[] = [];

class PartitionFiller {
  readonly #context: FillContext;
  readonly #task: FillTask;
  readonly #progress: PartitionProgress;
  readonly #place: TopicPartition;
  readonly #source: TopicPartition;
  #omissions: Omission[] = [];
  #noted: number;

  constructor(context: FillContext, task: FillTask, progress: PartitionProgress) {
    this.#context = context;
    this.#task = task;
    this.#progress = progress;
    this.#place = { topic: task.topic.target, partition: task.partition.partition };
    this.#source = { topic: task.topic.source, partition: task.partition.partition };
    this.#noted = context.clock.monotonic();
  }

  async run(start: Checkpoint, attemptsBefore: number): Promise<Checkpoint> {
    const { kafka, signal } = this.#context;
    const there = await this.#contentOfTarget(start, attemptsBefore > 0);
    if (this.#rangesFrom(start.sourceFrom).length > 0)
      await this.#move(start, there, attemptsBefore);
    throwIfAborted(signal);
    const { target } = this.#progress;
    if (target < there)
      throw this.#mismatch(
        target,
        `the target has records up to offset ${String(there)}, more than the archive`,
      );
    const end = await readLogEnd(kafka, this.#place);
    if (end !== target)
      throw this.#mismatch(target, `the log ends at ${String(end)}, expected ${String(target)}`);
    return await this.#progress.finish(this.#task.partition.sourceEnd, this.#omissions);
  }

  /** Log end of the target, after making sure that it can be of this restore. */
  async #contentOfTarget(start: Checkpoint, isRecovery: boolean): Promise<Offset> {
    const { kafka, isResumed } = this.#context;
    // The first attempts of a resumed run were waited for all at once.
    if (isRecovery) await settleLogEnds(kafka, [this.#place], settleOptions(this.#context));
    const end = await readLogEnd(kafka, this.#place);
    if (end < start.acknowledged) {
      throw this.#mismatch(
        end,
        `the target lost records: its log ended at ${String(start.acknowledged)}, now at ${String(end)}`,
      );
    }
    if (!isRecovery && !isResumed && end > 0n)
      throw this.#mismatch(end, 'the topic has records, expected none');
    return end;
  }

  async #move(start: Checkpoint, there: Offset, attemptsBefore: number): Promise<void> {
    const { archive, plan, producer, signal } = this.#context;
    const { sourceEnd } = this.#task.partition;
    const transactions = await archive.scanTransactions(this.#source, { signal });
    const { chosen } = this.#task.partition;
    const rules = {
      start: start.sourceFrom,
      end: sourceEnd,
      transactions,
      window: plan.window,
      chosen,
    };
    const stamps = await producer.stamps(attemptsBefore);
    const sender = await BatchSender.open(this.#context, this.#task, this.#progress, {
      target: there,
      stamps,
    });
    try {
      for (const { start: from, end: to } of this.#rangesFrom(start.sourceFrom)) {
        const range = { ...this.#source, from, to, signal };
        await this.#moveRuns(
          archive.readRuns(range),
          { ...rules, start: from, end: to },
          there,
          sender,
        );
      }
      await sender.confirm();
    } finally {
      sender.close();
    }
  }

  async #moveRuns(
    runs: AsyncIterable<Iterable<LocatedBatch>>,
    rules: CutRules,
    there: Offset,
    sender: BatchSender,
  ): Promise<void> {
    for await (const run of runs) {
      for (const located of run) {
        const moved = this.#moveBatch(located, rules, there, sender);
        // Most batches of a run need no wait, and waiting costs more than the rest.
        if (moved !== undefined) await moved;
      }
      throwIfAborted(this.#context.signal);
      if (this.#progress.mapping.isFull) await this.#progress.mapping.write();
      await this.#noteIfDue();
    }
  }

  /** What is still to be read of the source. */
  #rangesFrom(start: Offset): readonly OffsetRange[] {
    const { sourceEnd: end, chosen } = this.#task.partition;
    if (chosen !== undefined) return readingRanges(chosen, { start, end });
    return start < end ? [{ start, end }] : [];
  }

  #moveBatch(
    located: LocatedBatch,
    rules: CutRules,
    there: Offset,
    sender: BatchSender,
  ): Promise<void> | undefined {
    const { piece, omissions } = cutBatch(located, rules);
    if (omissions.length > 0) this.#omissions.push(...omissions);
    if (piece === undefined) return undefined;
    const before = this.#omissions.length === 0 ? none : this.#omissions;
    if (before !== none) this.#omissions = [];
    return this.#progress.target < there
      ? this.#adopt(piece, there, before)
      : sender.send(piece, before);
  }

  /** Counts a piece that an earlier run wrote; the last one is compared with what is on the target. */
  async #adopt(piece: Piece, there: Offset, omissions: readonly Omission[]): Promise<void> {
    const base = this.#progress.target;
    const end = base + BigInt(piece.count);
    if (end > there)
      throw this.#mismatch(
        base,
        `the log ends at ${String(there)}, inside a batch that ends at ${String(end)}`,
      );
    const { kafka, signal } = this.#context;
    const bytes = piece.reencoded ? piece.build(noProducer).byteLength : piece.estimatedBytes;
    if (end === there) {
      await confirmOnTarget({
        kafka,
        place: this.#place,
        topicId: this.#task.topicId,
        base,
        piece,
        signal,
      });
    }
    this.#progress.confirm(sentPiece(piece, base, bytes, omissions));
    this.#context.progress.add(this.#place, piece.count, bytes);
  }

  async #noteIfDue(): Promise<void> {
    const { clock, limits, state } = this.#context;
    if (clock.monotonic() - this.#noted < limits.checkpointMs) return;
    this.#noted = clock.monotonic();
    const { checkpoint } = this.#progress;
    await this.#progress.mapping.flush();
    state.setPartition(this.#task.key, checkpoint);
    await state.saveIfDue();
  }

  #mismatch(offset: Offset, what: string): KopsError {
    return new KopsError('KOPS_OFFSET_MISMATCH', what, {
      at: { ...this.#place, offset },
      hint: `Stop the other producers of topic ${this.#place.topic}, delete the topic on the target, and restore it again.`,
    });
  }
}
