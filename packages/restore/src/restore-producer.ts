import { KopsError } from '@kops/core';
import type { ProducerIdentity } from '@kops/kafka';
import type { ProducerIdentity as BatchProducer } from '@kops/record-batch';
import type { RestoreTarget } from './execute-options.ts';
import { noProducer } from './piece.ts';

const maxEpoch = 0x7fff;
const sequences = 2 ** 31;
/** Kafka knows the last 5 batches of a producer (KIP-98); more under way gain nothing. */
const maxUnderWay = 5;

/** Whose the batches are that a partition gets by one lane. */
export class BatchStamps {
  /** Batches that may be under way behind each other. */
  readonly maxUnderWay: number;
  readonly #identity: ProducerIdentity | undefined;
  #sequence = 0;

  constructor(identity: ProducerIdentity | undefined) {
    this.#identity = identity;
    // Without sequences a batch behind a refused one would take its place.
    this.maxUnderWay = identity === undefined ? 1 : maxUnderWay;
  }

  /** The producer of the next batch, of so many records. */
  next(records: number): BatchProducer {
    if (this.#identity === undefined) return noProducer;
    const baseSequence = this.#sequence;
    this.#sequence = (baseSequence + records) % sequences;
    return { ...this.#identity, baseSequence };
  }
}

/**
 * The producer of a run: one id for all partitions. Its sequences make the broker refuse what comes behind a refused batch. They are
 * no licence to send anything again: brokers forget producers of old records.
 */
export class RestoreProducer {
  readonly #kafka: RestoreTarget;
  #identity: Promise<ProducerIdentity | undefined> | undefined;

  constructor(kafka: RestoreTarget) {
    this.#kafka = kafka;
  }

  /**
   * Stamps for a lane of a partition that had so many lanes before in this run. Each has an epoch of its own: from its first batch on the broker
   * refuses what may still come of those before.
   */
  async stamps(lanesBefore: number): Promise<BatchStamps> {
    this.#identity ??= this.#ask();
    const identity = await this.#identity;
    if (identity === undefined) return new BatchStamps(undefined);
    const producerEpoch = identity.producerEpoch + lanesBefore;
    return new BatchStamps(
      producerEpoch > maxEpoch ? await this.#ask() : { ...identity, producerEpoch },
    );
  }

  /** Undefined without the right to have one: then one batch of a partition is under way at a time. */
  async #ask(): Promise<ProducerIdentity | undefined> {
    try {
      return await this.#kafka.initProducerId();
    } catch (thrown) {
      if (KopsError.is(thrown, 'KOPS_ACCESS_DENIED')) return undefined;
      throw thrown;
    }
  }
}
