import { KopsError, Semaphore } from '@kops/core';
import { produceV8, type ProduceV8Response } from '../apis/produce-v8.ts';
import { send, type Cluster } from '../cluster/cluster.ts';
import { kafkaCode } from '../error-codes.ts';
import { withSlot } from '../network/slot.ts';
import type { ProduceRequest, ProduceResult } from '../port.ts';
import { protocolError } from './protocol-error.ts';

/** Kafka remembers the last 5 batches of a producer id, so that many may be repeated without harm (KIP-98). */
const maxUnderWay = 5;

/** Where a v2 batch has its producer id, and what says that it has none. */
const producerIdAt = 43;
const batchHeaderBytes = 61;
const noProducerId = -1n;

function isIdempotent(batch: Uint8Array): boolean {
  if (batch.length < batchHeaderBytes) {
    throw new KopsError('KOPS_BATCH_CORRUPT', `a batch of ${String(batch.length)} bytes is shorter than its header`);
  }
  return new DataView(batch.buffer, batch.byteOffset, batch.byteLength).getBigInt64(producerIdAt) !== noProducerId;
}

interface Entry {
  readonly request: ProduceRequest;
  readonly isIdempotent: boolean;
  /** Resolves when the one before has its outcome, whatever it is. */
  readonly previous: Promise<void>;
}

/** Codes after which the batch may be in the log all the same. */
const unknownOutcome: ReadonlySet<number> = new Set([kafkaCode.requestTimedOut, kafkaCode.notEnoughReplicasAfterAppend]);

/**
 * Batches of one partition, in the order of the calls. They are sent one behind the other without waiting; when one fails for a while,
 * those behind it wait until it is through, and are repeated in order.
 */
export class ProduceQueue {
  readonly #cluster: Cluster;
  readonly #slots = new Semaphore(maxUnderWay);
  #last: Promise<void> = Promise.resolve();
  /** Ends when the latest batch was handed to its connection. */
  #dispatched: Promise<void> = Promise.resolve();
  #troubled = 0;
  #size = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Appends one batch. */
  async append(request: ProduceRequest): Promise<ProduceResult> {
    const idempotent = isIdempotent(request.batch);
    this.#size += 1;
    try {
      return await withSlot(this.#slots, request.signal, async () => {
        const settled = Promise.withResolvers<undefined>();
        const entry: Entry = { request, isIdempotent: idempotent, previous: this.#last };
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
    // Without a sequence Kafka could not put batches in order that overtook each other on the way to a new leader.
    if (entry.isIdempotent && this.#troubled === 0) {
      try {
        return await this.#send(entry, true);
      } catch (error) {
        if (!KopsError.is(error) || !error.retryable) throw error;
      }
    }
    this.#troubled += 1;
    try {
      await entry.previous;
      return await this.#cluster.attempt(() => this.#send(entry, false), entry.request.signal);
    } finally {
      this.#troubled -= 1;
    }
  }

  /** One try. `isAhead`: batches before this one may still be without an outcome. */
  async #send(entry: Entry, isAhead: boolean): Promise<ProduceResult> {
    const { request } = entry;
    const { topic } = request;
    // Whether it may be in the log without our knowing.
    let isOpen = false;
    try {
      const dispatched = await this.#inOrder(async () => {
        const { link } = await this.#cluster.leader(topic, request.partition, request.signal);
        const connection = await link.produce(request.signal);
        isOpen = true;
        const body = {
          ...request,
          transactionalId: request.transactionalId ?? null,
          // Below the time that the answer is waited for: a slow replica is an error code, a silent broker a dead connection.
          timeoutMs: Math.floor((this.#cluster.settings.requestTimeoutMs * 2) / 3),
        };
        return { answer: send(connection, produceV8, body, { signal: request.signal }) };
      });
      const { response } = await dispatched.answer;
      isOpen = false;
      return toResult(request, response, isAhead, entry.isIdempotent);
    } catch (error) {
      if (!KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE')) throw error;
      this.#cluster.forget(topic);
      if (isOpen && !entry.isIdempotent) throw outcomeUnknown(request, error);
      throw error;
    }
  }

  /** Hands requests to the connection in the order of the calls, however long finding it takes. */
  async #inOrder<T>(dispatch: () => Promise<T>): Promise<T> {
    const mine = this.#dispatched.then(dispatch);
    this.#dispatched = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  }
}

function outcomeUnknown(request: ProduceRequest, cause: unknown): KopsError {
  return new KopsError(
    'KOPS_KAFKA_PROTOCOL',
    'the answer to Produce was lost and the batch has no producer id: nobody knows whether it was appended',
    {
      at: { topic: request.topic, partition: request.partition },
      cause,
      hint: 'Compare the end of the partition with the batch before sending it again.',
    },
  );
}

function toResult(
  request: ProduceRequest,
  response: ProduceV8Response,
  isAhead: boolean,
  idempotent: boolean,
): ProduceResult {
  const { errorCode, baseOffset, logAppendTime, logStart, message } = response;
  const duplicate = errorCode === kafkaCode.duplicateSequence;
  if (errorCode === kafkaCode.none || duplicate) return { baseOffset, logAppendTime, logStart, duplicate };
  const failure = protocolError(produceV8, errorCode, {
    at: { topic: request.topic, partition: request.partition },
    message,
    transactionalId: request.transactionalId,
  });
  if (errorCode === kafkaCode.outOfOrderSequence && isAhead) {
    // The batch before it failed, perhaps, and is repeated: this one has its turn after it.
    throw new KopsError('KOPS_KAFKA_UNREACHABLE', failure.message, { at: failure.at, cause: failure });
  }
  if (errorCode === kafkaCode.corruptMessage) {
    // Kafka calls it retriable; the same bytes are no better the next time.
    throw new KopsError('KOPS_KAFKA_PROTOCOL', failure.message, {
      at: failure.at,
      hint: 'The broker finds this batch damaged, too large or without a key on a compacted topic.',
    });
  }
  if (!idempotent && unknownOutcome.has(errorCode)) throw outcomeUnknown(request, failure);
  throw failure;
}
