import { formatTopicPartition } from '@kops/core';
import { initProducerIdV1, type InitProducerIdResponse } from '../apis/init-producer-id-v1.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { kafkaCode } from '../error-codes.ts';
import type { BrokerConnection } from '../network/broker-connection.ts';
import type {
  ProduceLane,
  ProduceLaneOptions,
  ProducerIdentity,
  ProduceRequest,
  ProduceResult,
} from '../port.ts';
import { withCoordinator } from './coordinator.ts';
import { ProducePipe } from './produce-pipe.ts';
import { ProduceQueue } from './produce-queue.ts';
import { protocolError } from './protocol-error.ts';

/** Within the brokers' default transaction.max.timeout.ms of 15 minutes. */
const transactionTimeoutMs = 600_000;

function toIdentity(
  response: InitProducerIdResponse,
  transactionalId: string | undefined,
): ProducerIdentity {
  if (response.errorCode !== kafkaCode.none) {
    throw protocolError(initProducerIdV1, response.errorCode, { transactionalId });
  }
  return { producerId: response.producerId, producerEpoch: response.producerEpoch };
}

/** See {@link import('../port.ts').KafkaClient.initProducerId}. */
export async function initProducerId(
  cluster: Cluster,
  transactionalId?: string,
): Promise<ProducerIdentity> {
  const request = { transactionalId: transactionalId ?? null, transactionTimeoutMs };
  if (transactionalId === undefined) {
    return cluster.attempt(async () => {
      const answer = await cluster.anyBroker((connection) =>
        connection.send(initProducerIdV1, request),
      );
      return toIdentity(answer.response, undefined);
    });
  }
  return withCoordinator(cluster, { type: 'transaction', key: transactionalId }, async (link) =>
    toIdentity(await cluster.ask(link, initProducerIdV1, request), transactionalId),
  );
}

/** All that is produced to now: the queues of partitions, and the pipes of connections. */
export class Producer {
  readonly #cluster: Cluster;
  readonly #queues = new Map<string, ProduceQueue>();
  readonly #pipes = new WeakMap<BrokerConnection, ProducePipe>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** See {@link import('../port.ts').KafkaClient.produce}. */
  async produce(request: ProduceRequest): Promise<ProduceResult> {
    const key = formatTopicPartition(request);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new ProduceQueue(this.#cluster);
      this.#queues.set(key, queue);
    }
    try {
      return await queue.append(request);
    } finally {
      if (queue.isEmpty && this.#queues.get(key) === queue) this.#queues.delete(key);
    }
  }

  /** See {@link import('../port.ts').KafkaClient.openProduceLane}. */
  async openLane(options: ProduceLaneOptions): Promise<ProduceLane> {
    const { topic, partition, signal } = options;
    return await this.#cluster.attempt(async () => {
      const { link } = await this.#cluster.leader(topic, partition, signal);
      try {
        return this.#pipeOf(await link.produce(signal)).open(options);
      } catch (error) {
        this.#cluster.forget(topic);
        throw error;
      }
    }, signal);
  }

  #pipeOf(connection: BrokerConnection): ProducePipe {
    let pipe = this.#pipes.get(connection);
    if (pipe === undefined) {
      // Below the time that the answer is waited for: a slow replica is an error code, a silent broker a dead connection.
      const timeoutMs = Math.floor((this.#cluster.settings.requestTimeoutMs * 2) / 3);
      pipe = new ProducePipe(connection, timeoutMs, (failed) => {
        this.#cluster.forget(failed);
      });
      this.#pipes.set(connection, pipe);
    }
    return pipe;
  }
}
