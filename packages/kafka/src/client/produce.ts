import { formatTopicPartition } from '@kops/core';
import { initProducerIdV1, type InitProducerIdResponse } from '../apis/init-producer-id-v1.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { kafkaCode } from '../error-codes.ts';
import type { ProducerIdentity, ProduceRequest, ProduceResult } from '../port.ts';
import { withCoordinator } from './coordinator.ts';
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

/** The queues of all partitions that are produced to now. */
export class Producer {
  readonly #cluster: Cluster;
  readonly #queues = new Map<string, ProduceQueue>();

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
}
