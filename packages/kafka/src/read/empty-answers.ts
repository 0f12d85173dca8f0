import {
  KopsError,
  systemClock,
  type Clock,
  type Coordinates,
  type Offset,
  type TopicPartition,
} from '@kops/core';
import type { KafkaClient } from '../port.ts';
import { isTiered } from './tiered.ts';

/** What is needed of a client to judge answers without a batch. */
export type LogClient = Pick<KafkaClient, 'listOffsets' | 'topicConfigs'>;

/** How patient a reader is. */
export interface EmptyAnswerOptions {
  /** How long the broker may give nothing below the end, in ms; default 120,000. */
  readonly deadlineMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
}

const defaultDeadlineMs = 120_000;
const firstPauseMs = 20;
const longestPauseMs = 1_000;
/** Older brokers give a remote read as long as the client waits, newer ones remote.fetch.max.wait.ms. */
const remoteWaitMs = 5_000;

/**
 * Decides what an answer without a batch means below an offset that the log is known to reach. It may be that no batch is left there
 * (compaction), or that the broker has not got at the data in time: tiered storage answers a slow remote read with NONE and no bytes.
 * Only the first is a hole, and it is proven by the local log start: from there on the broker reads its own files, whose index finds
 * the next batch if there is one. See ADR 21.
 */
export class EmptyAnswers {
  readonly #kafka: LogClient;
  readonly #place: TopicPartition;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | undefined;
  #since: number | undefined;
  #pauseMs = firstPauseMs;
  #isRemote = false;
  /** The offset that was local after an empty answer. */
  #localAt: Offset | undefined;

  constructor(kafka: LogClient, place: TopicPartition, options: EmptyAnswerOptions = {}) {
    this.#kafka = kafka;
    this.#place = { topic: place.topic, partition: place.partition };
    this.#clock = options.clock ?? systemClock;
    this.#deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
    this.#signal = options.signal;
  }

  /** How long the broker should be given for the next answer at least, in ms. */
  get waitMs(): number {
    return this.#isRemote ? remoteWaitMs : 0;
  }

  /** An answer had a batch. */
  onData(): void {
    this.#since = undefined;
    this.#pauseMs = firstPauseMs;
    this.#isRemote = false;
    this.#localAt = undefined;
  }

  /**
   * An answer for `offset` had no batch. Waits before it says `again`.
   * @param reached where the answer says that the readable log ends: high watermark, or last stable offset with read_committed
   * @returns `nothing` when it is proven that no batch lies from `offset` on and below `end`
   * @throws KOPS_KAFKA_UNREACHABLE at the deadline
   */
  async judge(offset: Offset, end: Offset, reached: Offset): Promise<'again' | 'nothing'> {
    const now = this.#clock.monotonic();
    this.#since ??= now;
    if (reached >= end && (await this.#isLocal(offset))) {
      // Local before and after the last fetch: that one has read the broker's own log.
      if (this.#localAt === offset) return 'nothing';
      this.#localAt = offset;
      return 'again';
    }
    this.#localAt = undefined;
    if (now - this.#since >= this.#deadlineMs) throw this.#unproven(offset, end, reached);
    await this.#clock.sleep(this.#pauseMs, this.#signal);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
    return 'again';
  }

  async #isLocal(offset: Offset): Promise<boolean> {
    const [localStart = -1n] = await this.#kafka.listOffsets([this.#place], 'earliestLocal');
    const isLocal =
      localStart >= 0n ? offset >= localStart : !(await isTiered(this.#kafka, this.#place.topic));
    this.#isRemote = !isLocal;
    return isLocal;
  }

  #unproven(offset: Offset, end: Offset, reached: Offset): KopsError {
    const at: Coordinates = { ...this.#place, offset };
    const waited = `for ${String(Math.round(this.#deadlineMs / 1000))} s`;
    if (reached < end) {
      return new KopsError(
        'KOPS_KAFKA_UNREACHABLE',
        `the high watermark stays at ${String(reached)} ${waited}, below ${String(end)}, which it had reached before`,
        {
          at,
          hint: 'Check the replicas of the partition (kafka-topics --describe --under-replicated-partitions), then run the command again.',
        },
      );
    }
    return new KopsError(
      'KOPS_KAFKA_UNREACHABLE',
      `the broker returned no data ${waited}, although the log ends at ${String(end)}: its tiered storage is too slow or fails`,
      {
        at,
        hint: 'Check the remote storage and the log of the broker, raise remote.fetch.max.wait.ms with kafka-configs, then run the command again.',
      },
    );
  }
}
