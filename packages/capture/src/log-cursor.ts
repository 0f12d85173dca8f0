import {
  KopsError,
  systemClock,
  throwIfAborted,
  type Clock,
  type Offset,
  type Semaphore,
} from '@kops/core';
import type { FetchResult, KafkaClient } from '@kops/kafka';
import { EmptyAnswers } from '@kops/kafka/read';
import type { LossReason, PartitionAssignment } from '@kops/transport';
import { hasBytesBehind } from './bytes-behind.ts';
import { cutRange, type CutFrame, type CutRange } from './frame-cutter.ts';

/** So often in a row a doubtful answer is asked for again, and how long after, in ms: a high watermark may lag behind its own answer. */
const maxDoubts = 5;
const doubtMs = 50;

/** Times and sizes of capture. */
export interface CaptureLimits {
  /** Bytes asked for in one fetch. */
  readonly fetchBytes: number;
  /** How long a fetch waits for data, in ms. */
  readonly maxWaitMs: number;
  /** A followed partition without data for so long gives its stream back, in ms. */
  readonly idleMs: number;
  /** How long an offset above the log end is asked for again (a lagging high watermark), in ms. */
  readonly aboveEndMs: number;
  /** How long a broker may give nothing below the end of the log, in ms. */
  readonly emptyMs: number;
}

/** Limits that fit a broker on the same host. */
export const defaultLimits: CaptureLimits = {
  fetchBytes: 1024 * 1024,
  maxWaitMs: 500,
  idleMs: 1_000,
  aboveEndMs: 30_000,
  emptyMs: 120_000,
};

/** What a broker says of a partition beside its data. */
export interface LogState {
  readonly highWatermark: Offset;
  readonly lastStableOffset: Offset;
  readonly logStart: Offset;
}

/** What the log gives from a position on. */
export type LogEvent =
  | {
      readonly type: 'run';
      readonly frames: readonly CutFrame[];
      readonly next: Offset;
      readonly state: LogState;
      /** Gives the memory back to the budget. */
      readonly release: () => void;
    }
  /** Nothing was there up to `next`: the log lacks these offsets. */
  | { readonly type: 'hole'; readonly next: Offset; readonly state: LogState }
  | {
      readonly type: 'loss';
      readonly from: Offset;
      readonly to: Offset;
      readonly reason: LossReason;
      readonly detail: string;
    }
  /** Capture goes on at `next` with nothing lost (the log start moved before anything was archived). */
  | { readonly type: 'restart'; readonly next: Offset }
  | { readonly type: 'end'; readonly reason: 'reached' | 'idle' };

/** Where and how to read. */
export interface CursorOptions {
  readonly kafka: KafkaClient;
  readonly assignment: PartitionAssignment;
  readonly from: Offset;
  /** Leader epoch of the last archived batch; -1 when there is none. */
  readonly lastEpoch: number;
  /** Nothing of the partition is archived yet. */
  readonly baseline: boolean;
  /** Bytes that all fetches of the agent may hold. */
  readonly budget: Semaphore;
  readonly limits: CaptureLimits;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** Reads one partition's log from an offset to its assignment's end. One iteration per cursor. */
export class LogCursor {
  readonly #options: CursorOptions;
  readonly #clock: Clock;
  #position: Offset;
  #epoch: number;
  #archivedNothing: boolean;
  readonly #empty: EmptyAnswers;
  /** Since when a followed log has had nothing more. */
  #idleSince: number | undefined;
  #aboveEndSince: number | undefined;
  #doubts = 0;
  readonly #unreleased = new Set<() => void>();

  constructor(options: CursorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#position = options.from;
    this.#epoch = options.lastEpoch;
    this.#archivedNothing = options.baseline;
    this.#empty = new EmptyAnswers(options.kafka, options.assignment, {
      deadlineMs: options.limits.emptyMs,
      clock: this.#clock,
      signal: options.signal,
    });
  }

  async *events(): AsyncGenerator<LogEvent, void> {
    const { assignment, signal } = this.#options;
    const end = assignment.endOffset;
    if (this.#epoch >= 0) yield* this.#checkTruncation();
    for (;;) {
      throwIfAborted(signal);
      if (end >= 0n && this.#position >= end) {
        yield { type: 'end', reason: 'reached' };
        return;
      }
      const fetched = await this.#fetch();
      switch (fetched.result.status) {
        case 'ok':
          yield* this.#onData(fetched.result, fetched.release);
          break;
        case 'offset-out-of-range':
          fetched.release();
          yield* this.#onOutOfRange(fetched.result);
          break;
        case 'diverged':
          fetched.release();
          yield* this.#checkTruncation();
          break;
        default:
          fetched.release();
          throw this.#gone(fetched.result.status);
      }
      if (end < 0n && this.#idleTooLong()) {
        yield { type: 'end', reason: 'idle' };
        return;
      }
    }
  }

  /** Gives back the memory of events that nobody took, after the iteration has ended. */
  close(): void {
    for (const release of this.#unreleased) release();
  }

  async #fetch(): Promise<{ result: FetchResult; release: () => void }> {
    const { kafka, assignment, budget, limits, signal } = this.#options;
    let held = await budget.acquire(limits.fetchBytes);
    try {
      const result = await kafka.fetch({
        topic: assignment.topic,
        partition: assignment.partition,
        topicId: assignment.derivedTopicId ? undefined : assignment.topicId,
        offset: this.#position,
        // The client's own metadata knows the leader's epoch; a stale one of ours would only fence us.
        currentLeaderEpoch: -1,
        maxBytes: limits.fetchBytes,
        maxWaitMs: Math.max(assignment.endOffset >= 0n ? 0 : limits.maxWaitMs, this.#empty.waitMs),
        signal,
      });
      const used = result.status === 'ok' ? Math.min(result.bytes.length, held) : 0;
      budget.release(held - used);
      held = used;
      const release = (): void => {
        if (!this.#unreleased.delete(release)) return;
        if (result.status === 'ok') result.release?.();
        budget.release(used);
      };
      this.#unreleased.add(release);
      return { result, release };
    } catch (error) {
      budget.release(held);
      throw error;
    }
  }

  async *#onData(
    result: FetchResult & { status: 'ok' },
    release: () => void,
  ): AsyncGenerator<LogEvent> {
    this.#aboveEndSince = undefined;
    const end = this.#options.assignment.endOffset;
    const cut = cutRange(result.bytes, this.#position, end);
    const isPassed = cut.passedEnd && cut.passedBy <= result.highWatermark;
    if (cut.firstEpoch > this.#epoch && this.#epoch >= 0) {
      const before = this.#position;
      yield* this.#checkTruncation();
      if (this.#position !== before) {
        release();
        return;
      }
    }
    if (cut.frames.length > 0) {
      this.#position = cut.next;
      this.#epoch = cut.lastEpoch;
      this.#archivedNothing = false;
      this.#idleSince = undefined;
      this.#empty.onData();
      yield { type: 'run', frames: cut.frames, next: cut.next, state: result, release };
      this.#doubts = 0;
      if (isPassed) yield* this.#jumpTo(end, result);
      return;
    }
    release();
    if (isPassed) yield* this.#jumpTo(end, result);
    else if (cut.passedEnd || cut.isCutOff) await this.#onDoubt(cut);
    else yield* this.#onNothing(result);
  }

  /** Bytes that cannot be true are no proof of a hole: asked for again, then they are damage. */
  async #onDoubt({ isCutOff, passedBy }: Pick<CutRange, 'isCutOff' | 'passedBy'>): Promise<void> {
    const { signal } = this.#options;
    this.#doubts++;
    if (this.#doubts < maxDoubts) return this.#clock.sleep(doubtMs, signal);
    const what = isCutOff
      ? 'a batch claims to be longer than its log'
      : `a batch claims offsets up to ${String(passedBy - 1n)}, beyond the high watermark`;
    throw new KopsError('KOPS_BATCH_CORRUPT', what, {
      at: this.#at(),
      hint: 'Check the log on the broker with kafka-dump-log.sh; another replica may have it undamaged.',
    });
  }

  /** An answer without a batch: the end of the log, a tail that compaction has emptied, or data that the broker has not got at. */
  async *#onNothing(state: LogState): AsyncGenerator<LogEvent> {
    const { endOffset } = this.#options.assignment;
    const end = endOffset >= 0n ? endOffset : state.highWatermark;
    if (this.#position >= end) {
      this.#idleSince ??= this.#clock.monotonic();
      return;
    }
    const verdict = await this.#empty.judge(this.#position, end, state.highWatermark);
    if (verdict !== 'nothing') return;
    if (await this.#hasBytesBehind(end)) await this.#onDoubt({ isCutOff: true, passedBy: -1n });
    else yield* this.#jumpTo(end, state);
  }

  /** Looks from before the position on, where a damaged batch shows by its bytes. */
  async #hasBytesBehind(end: Offset): Promise<boolean> {
    const { kafka, assignment, limits, signal } = this.#options;
    if (this.#position === 0n) return false;
    const { topic, partition, topicId, derivedTopicId } = assignment;
    const result = await kafka.fetch({
      topic,
      partition,
      topicId: derivedTopicId ? undefined : topicId,
      offset: this.#position - 1n,
      currentLeaderEpoch: -1,
      maxBytes: limits.fetchBytes,
      maxWaitMs: 0,
      signal,
    });
    if (result.status !== 'ok') return false;
    const found = hasBytesBehind(result.bytes, this.#position, end);
    result.release?.();
    return found;
  }

  *#jumpTo(next: Offset, state: LogState): Generator<LogEvent> {
    if (next <= this.#position) return;
    this.#position = next;
    yield { type: 'hole', next, state };
  }

  #idleTooLong(): boolean {
    return (
      this.#idleSince !== undefined &&
      this.#clock.monotonic() - this.#idleSince >= this.#options.limits.idleMs
    );
  }

  async *#onOutOfRange(found: {
    highWatermark: Offset;
    logStart: Offset;
  }): AsyncGenerator<LogEvent> {
    const { kafka, assignment, limits, signal } = this.#options;
    const [logStart = -1n] =
      found.logStart >= 0n ? [found.logStart] : await kafka.listOffsets([assignment], 'earliest');
    if (this.#position < logStart) {
      yield* this.#onRetention(logStart);
      return;
    }
    const now = this.#clock.monotonic();
    this.#aboveEndSince ??= now;
    if (this.#epoch >= 0) {
      const before = this.#position;
      yield* this.#checkTruncation();
      if (this.#position !== before) return;
    }
    if (now - this.#aboveEndSince > limits.aboveEndMs) {
      throw new KopsError(
        'KOPS_INCOMPLETE',
        `offset ${String(this.#position)} is above the log end, and the broker does not report whether the log was truncated`,
        {
          at: this.#at(),
          hint: 'Check the log of the brokers for an unclean leader election of this partition. kops never resets a position automatically.',
        },
      );
    }
    await this.#clock.sleep(250, signal);
  }

  *#onRetention(logStart: Offset): Generator<LogEvent> {
    const from = this.#position;
    this.#position = logStart;
    if (this.#archivedNothing) {
      yield { type: 'restart', next: logStart };
      return;
    }
    yield {
      type: 'loss',
      from,
      to: logStart,
      reason: 'retention',
      detail: `log start moved to ${String(logStart)} before these offsets were captured`,
    };
  }

  /** KIP-320: whether the leader's log still holds what was archived under the last epoch. */
  async *#checkTruncation(): AsyncGenerator<LogEvent> {
    const { kafka, assignment } = this.#options;
    const answer = await kafka.offsetForLeaderEpoch(assignment, this.#epoch);
    // Undefined means that the broker does not know, not that the log was truncated.
    if (answer.endOffset < 0n || answer.endOffset >= this.#position) return;
    const from = answer.endOffset;
    const to = this.#position;
    this.#position = from;
    this.#epoch = answer.leaderEpoch;
    yield {
      type: 'loss',
      from,
      to,
      reason: 'truncation',
      detail: `leader epoch ${String(answer.leaderEpoch)} ends at ${String(from)}: the archived records from there on are no longer in the log`,
    };
  }

  #gone(status: 'topic-recreated' | 'topic-gone'): KopsError {
    const what = status === 'topic-gone' ? 'was deleted' : 'was deleted and recreated';
    return new KopsError('KOPS_TOPIC_NOT_FOUND', `the topic ${what} during the backup`, {
      at: this.#at(),
      hint: 'Run the backup again: it captures the new topic from the log start. The archived data is kept.',
    });
  }

  #at(): { topic: string; partition: number; offset: Offset } {
    const { topic, partition } = this.#options.assignment;
    return { topic, partition, offset: this.#position };
  }
}
