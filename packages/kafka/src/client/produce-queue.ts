import { KopsError, Semaphore, throwIfAborted } from '@kops/core';
import {
  producedPartition,
  produceV8,
  type ProducedPartition,
  type ProduceV8Response,
} from '../apis/produce-v8.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { send } from '../cluster/send.ts';
import { kafkaCode } from '../error-codes.ts';
import { abortable } from '../network/abortable.ts';
import type { Answer } from '../network/broker-connection.ts';
import { withSlot } from '../network/slot.ts';
import type { ProduceRequest, ProduceResult } from '../port.ts';
import { produceFailure } from './produce-failure.ts';

/** Kafka remembers the last 5 batches of a producer id, so that many may be repeated without harm (KIP-98). */
const maxUnderWay = 5;

/** Where a v2 batch has its producer id and epoch, and what says that it has none. */
const producerIdAt = 43;
const producerEpochAt = 51;
const batchHeaderBytes = 61;
const noProducerId = -1n;

/** Which producer a batch says that it is from; undefined when from none. */
function producerOf(batch: Uint8Array): string | undefined {
  if (batch.length < batchHeaderBytes) {
    throw new KopsError(
      'KOPS_BATCH_CORRUPT',
      `a batch of ${String(batch.length)} bytes is shorter than its header`,
    );
  }
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const producerId = view.getBigInt64(producerIdAt);
  return producerId === noProducerId
    ? undefined
    : `${String(producerId)}/${String(view.getInt16(producerEpochAt))}`;
}

interface Entry {
  readonly request: ProduceRequest;
  readonly producer: string | undefined;
  /** Resolves when the one before has its outcome, whatever it is. */
  readonly previous: Promise<void>;
}

interface Dispatched {
  readonly answer: Promise<Answer<ProduceV8Response>>;
}

/** Codes after which the batch may be in the log all the same. */
const unknownOutcome: ReadonlySet<number> = new Set([
  kafkaCode.requestTimedOut,
  kafkaCode.notEnoughReplicasAfterAppend,
]);

/**
 * Batches of one partition, in the order of the calls. They are sent one behind the other without waiting, except where Kafka could not
 * put them in order again: those without producer id, and the first of a producer, for a broker that knows nothing of a producer takes
 * whichever sequence comes first. When one fails for a while, those behind it wait until it is through, and are repeated in order.
 */
export class ProduceQueue {
  readonly #cluster: Cluster;
  readonly #slots = new Semaphore(maxUnderWay);
  #last: Promise<void> = Promise.resolve();
  /** Ends when the latest batch was handed to its connection. */
  #dispatched: Promise<void> = Promise.resolve();
  /** The producer that the broker acknowledged a batch of. */
  #acknowledged: string | undefined;
  /** Batches that must be through before others are sent. */
  #holders = 0;
  #gate: PromiseWithResolvers<undefined> | undefined;
  #size = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Appends one batch. */
  async append(request: ProduceRequest): Promise<ProduceResult> {
    const producer = producerOf(request.batch);
    this.#size += 1;
    try {
      return await withSlot(this.#slots, request.signal, async () => {
        const settled = Promise.withResolvers<undefined>();
        const entry: Entry = { request, producer, previous: this.#last };
        this.#last = settled.promise;
        try {
          return await this.#deliver(entry);
        } finally {
          settled.resolve(undefined);
        }
      });
    } finally {
      this.#size -= 1;
    }
  }

  async #deliver(entry: Entry): Promise<ProduceResult> {
    const holding = { is: false };
    const hold = (): void => {
      if (!holding.is) this.#hold();
      holding.is = true;
    };
    try {
      try {
        return await this.#sendInTurn(entry, hold);
      } catch (error) {
        if (!KopsError.is(error) || !error.retryable) throw error;
      }
      hold();
      const { signal } = entry.request;
      await abortable(entry.previous, signal);
      return await this.#cluster.attempt(
        async () => this.#outcome(entry, await this.#dispatch(entry), false),
        signal,
      );
    } finally {
      if (holding.is) this.#release();
    }
  }

  #hold(): void {
    this.#holders += 1;
    this.#gate ??= Promise.withResolvers<undefined>();
  }

  #release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#gate?.resolve(undefined);
    this.#gate = undefined;
  }

  /** The first try: in the order of the calls, behind others without an outcome where that is safe. */
  async #sendInTurn(entry: Entry, hold: () => void): Promise<ProduceResult> {
    const { signal } = entry.request;
    let isAhead = false;
    const turn = this.#dispatched.then(async () => {
      while (this.#gate !== undefined) await this.#gate.promise;
      isAhead = entry.producer !== undefined && entry.producer === this.#acknowledged;
      if (!isAhead) await entry.previous;
      // Holding after the call has ended would never be released.
      throwIfAborted(signal);
      if (!isAhead) hold();
      return this.#dispatch(entry);
    });
    this.#dispatched = turn.then(
      () => undefined,
      () => undefined,
    );
    return this.#outcome(entry, await abortable(turn, signal), isAhead);
  }

  /** Hands the batch to the leader's connection. */
  async #dispatch({ request }: Entry): Promise<Dispatched> {
    const { topic, partition, signal } = request;
    const { link } = await this.#cluster.leader(topic, partition, signal);
    try {
      const connection = await link.produce(signal);
      const body = {
        transactionalId: request.transactionalId ?? null,
        topics: [{ topic, batches: [{ partition, batch: request.batch }] }],
        // Below the time that the answer is waited for: a slow replica is an error code, a silent broker a dead connection.
        timeoutMs: Math.floor((this.#cluster.settings.requestTimeoutMs * 2) / 3),
      };
      const answer = send(connection, produceV8, body, { signal });
      // After an abort nobody waits for it any more.
      answer.catch(() => undefined);
      return { answer };
    } catch (error) {
      this.#cluster.forget(topic);
      throw error;
    }
  }

  /** `isAhead`: batches before this one may still be without an outcome. */
  async #outcome(entry: Entry, { answer }: Dispatched, isAhead: boolean): Promise<ProduceResult> {
    const { request, producer } = entry;
    let outcome: ProducedPartition;
    try {
      const { response } = await answer;
      outcome = producedPartition(response, request.topic, request.partition);
    } catch (error) {
      if (!KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE')) throw error;
      this.#cluster.forget(request.topic);
      throw producer === undefined ? outcomeUnknown(request, error) : error;
    }
    try {
      const result = toResult(request, outcome, isAhead, producer !== undefined);
      this.#acknowledged = producer;
      return result;
    } catch (error) {
      if (KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE')) this.#cluster.forget(request.topic);
      throw error;
    }
  }
}

function outcomeUnknown(request: ProduceRequest, cause: unknown): KopsError {
  return new KopsError(
    'KOPS_KAFKA_PROTOCOL',
    'the response to Produce was lost, and the batch has no producer id: the broker may have appended it',
    {
      at: { topic: request.topic, partition: request.partition },
      cause,
      hint: 'Check the end of the partition for this batch before you send it again.',
    },
  );
}

function toResult(
  request: ProduceRequest,
  outcome: ProducedPartition,
  isAhead: boolean,
  idempotent: boolean,
): ProduceResult {
  const { errorCode, baseOffset, logAppendTime, logStart } = outcome;
  const duplicate = errorCode === kafkaCode.duplicateSequence;
  if (errorCode === kafkaCode.none || duplicate)
    return { baseOffset, logAppendTime, logStart, duplicate };
  const failure = produceFailure(outcome, request.transactionalId);
  if (errorCode === kafkaCode.outOfOrderSequence && isAhead) {
    // The batch before it failed, perhaps, and is repeated: this one has its turn after it.
    throw new KopsError('KOPS_KAFKA_UNREACHABLE', failure.message, {
      at: failure.at,
      cause: failure,
    });
  }
  if (!idempotent && unknownOutcome.has(errorCode)) throw outcomeUnknown(request, failure);
  throw failure;
}
