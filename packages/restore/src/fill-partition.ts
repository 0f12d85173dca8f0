import {
  KopsError,
  throwIfAborted,
  toKopsError,
  type Offset,
  type TopicPartition,
} from '@kops/core';
import { BatchSender } from './batch-sender.ts';
import { confirmOnTarget } from './compare-piece.ts';
import { settleOptions, type FillContext, type FillTask } from './fill-context.ts';
import { readLogEnd, settleLogEnds } from './log-end.ts';
import { MappingWriter } from './mapping-file.ts';
import { PartitionProgress, sentPiece } from './partition-progress.ts';
import { cutBatch, noProducer, type Omission, type Piece } from './piece.ts';
import { mappingPath, type Checkpoint } from './restore-state.ts';

/** Recoveries without a single batch in between. */
const maxFruitlessRecoveries = 3;

/**
 * Writes what the archive shows of a partition, from a checkpoint on.
 *
 * When an answer is lost or the broker refuses a batch (a config is not in effect yet), what is there is found out as by a
 * resume, and the filling goes on after it.
 *
 * @throws KOPS_OFFSET_MISMATCH, and the errors of KafkaClient and Archive.
 */
export async function fillPartition(
  context: FillContext,
  task: FillTask,
  start: Checkpoint,
): Promise<Checkpoint> {
  let checkpoint = start;
  let kind: AttemptKind = 'first';
  for (let fruitless = 0; ; kind = 'recovery') {
    const before = checkpoint.acknowledged;
    const attempt = await fillOnce(context, task, checkpoint, kind);
    if (attempt.error === undefined) return attempt.checkpoint;
    checkpoint = attempt.checkpoint;
    fruitless = checkpoint.acknowledged > before ? 0 : fruitless + 1;
    const isOver = context.signal.aborted || fruitless >= maxFruitlessRecoveries;
    if (isOver || !KopsError.is(attempt.error, 'KOPS_KAFKA_PROTOCOL')) throw attempt.error;
  }
}

type AttemptKind = 'first' | 'recovery';

interface Attempt {
  readonly checkpoint: Checkpoint;
  readonly error: KopsError | undefined;
}

async function fillOnce(
  context: FillContext,
  task: FillTask,
  start: Checkpoint,
  kind: AttemptKind,
): Promise<Attempt> {
  await using mapping = await MappingWriter.openAt(
    mappingPath(context.state.path, task.key),
    start.mapping,
  );
  const progress = new PartitionProgress(start, mapping);
  const filler = new PartitionFiller(context, task, progress);
  try {
    return { checkpoint: await filler.run(start, kind), error: undefined };
  } catch (thrown) {
    await mapping.flush();
    return { checkpoint: progress.checkpoint, error: toKopsError(thrown) };
  }
}

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

  async run(start: Checkpoint, kind: AttemptKind): Promise<Checkpoint> {
    const { kafka, signal } = this.#context;
    const there = await this.#contentOfTarget(start, kind);
    const sender = new BatchSender(this.#context, this.#task, this.#progress, there);
    try {
      await this.#move(start, there, sender);
      await sender.confirm();
    } catch (thrown) {
      await sender.abandon();
      throw thrown;
    }
    throwIfAborted(signal);
    const { target } = this.#progress;
    if (target < there)
      throw this.#mismatch(
        target,
        `the target has records up to offset ${String(there)}, the archive fewer`,
      );
    const end = await readLogEnd(kafka, this.#place);
    if (end !== target)
      throw this.#mismatch(target, `the log ends at ${String(end)} instead of ${String(target)}`);
    return await this.#progress.finish(this.#task.partition.sourceEnd, this.#omissions);
  }

  /** Log end of the target, after making sure that it can be of this restore. */
  async #contentOfTarget(start: Checkpoint, kind: AttemptKind): Promise<Offset> {
    const { kafka, isResumed } = this.#context;
    // The first attempts of a resumed run were waited for all at once.
    if (kind === 'recovery')
      await settleLogEnds(kafka, [this.#place], settleOptions(this.#context));
    const end = await readLogEnd(kafka, this.#place);
    if (end < start.acknowledged) {
      throw this.#mismatch(
        end,
        `the target lost records: its log ended at ${String(start.acknowledged)}, now at ${String(end)}`,
      );
    }
    if (kind === 'first' && !isResumed && end > 0n)
      throw this.#mismatch(end, 'the topic should be empty and has records');
    return end;
  }

  async #move(start: Checkpoint, there: Offset, sender: BatchSender): Promise<void> {
    const { archive, plan, signal } = this.#context;
    const { sourceEnd } = this.#task.partition;
    if (start.sourceFrom >= sourceEnd) return;
    const transactions = await archive.scanTransactions(this.#source, { signal });
    const rules = { start: start.sourceFrom, end: sourceEnd, transactions, window: plan.window };
    for await (const located of archive.readBatches({
      ...this.#source,
      from: rules.start,
      to: sourceEnd,
      signal,
    })) {
      throwIfAborted(signal);
      const { piece, omissions } = cutBatch(located, rules);
      this.#omissions.push(...omissions);
      if (piece === undefined) continue;
      const before = this.#omissions;
      this.#omissions = [];
      if (this.#progress.target < there) await this.#adopt(piece, there, before);
      else await sender.send(piece, before);
      await this.#noteIfDue();
    }
  }

  /** Counts a piece that an earlier run wrote; the last one is compared with what is on the target. */
  async #adopt(piece: Piece, there: Offset, omissions: readonly Omission[]): Promise<void> {
    const base = this.#progress.target;
    const end = base + BigInt(piece.count);
    if (end > there)
      throw this.#mismatch(
        base,
        `the log ends at ${String(there)}, within a batch that would end at ${String(end)}`,
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
    await this.#progress.confirm(sentPiece(piece, base, bytes, omissions));
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
      hint: `Stop what else writes to the topic, delete topic ${this.#place.topic} on the target, and restore it anew.`,
    });
  }
}
