import { KopsError } from '@kops/core';
import { createTopicsV4 } from '../apis/create-topics-v4.ts';
import { deleteTopicsV3 } from '../apis/delete-topics-v3.ts';
import { incrementalAlterConfigsV0 } from '../apis/incremental-alter-configs-v0.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { topicNotFound } from '../cluster/send.ts';
import { kafkaCode } from '../error-codes.ts';
import type { BrokerLink } from '../network/broker-link.ts';
import type { NewTopic } from '../port.ts';
import { protocolError } from './protocol-error.ts';

/** Until all brokers were told of a change; then it is looked up until it shows. */
const brokerWaitMs = 10_000;

const isLost = (error: unknown): boolean => KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE');

/** Runs `work` with the controller; `isRepeated` once the outcome of an earlier try is unknown. */
async function withController(
  cluster: Cluster,
  work: (link: BrokerLink, isRepeated: boolean) => Promise<void>,
): Promise<void> {
  let isRepeated = false;
  await cluster.attempt(async (attempt) => {
    if (attempt > 1) await cluster.refresh([]);
    try {
      await work(await cluster.controller(), isRepeated);
    } catch (error) {
      isRepeated ||= isLost(error);
      throw error;
    }
  });
}

async function hasShape(cluster: Cluster, topic: NewTopic): Promise<boolean> {
  cluster.forget(topic.name);
  const found = await cluster.topic(topic.name);
  return found?.partitions.length === (topic.assignments?.length ?? topic.partitions);
}

/** Waits until metadata shows every partition of the topics with a leader. */
async function untilLed(cluster: Cluster, topics: readonly NewTopic[]): Promise<void> {
  await cluster.attempt(async () => {
    for (const topic of topics) {
      cluster.forget(topic.name);
      const found = await cluster.topic(topic.name);
      if (
        found === undefined ||
        found.partitions.length === 0 ||
        found.partitions.some(({ leader }) => leader < 0)
      ) {
        cluster.forget(topic.name);
        throw new KopsError(
          'KOPS_KAFKA_UNREACHABLE',
          `topic '${topic.name}' was created but has no leaders`,
          {
            at: { topic: topic.name },
            hint: 'Start the brokers that hold its replicas.',
          },
        );
      }
    }
  });
}

/** See {@link import('../port.ts').KafkaClient.createTopics}. */
export async function createTopics(cluster: Cluster, topics: readonly NewTopic[]): Promise<void> {
  let open = [...topics];
  const failures: KopsError[] = [];
  if (open.length > 0) {
    await withController(cluster, async (link, isRepeated) => {
      const request = { topics: open, timeoutMs: brokerWaitMs };
      const response = await cluster.ask(link, createTopicsV4, request, { waitMs: brokerWaitMs });
      let again: KopsError | undefined;
      for (const { topic, errorCode, message } of response.topics) {
        const asked = open.find(({ name }) => name === topic);
        const error = protocolError(createTopicsV4, errorCode, { at: { topic }, message });
        if (errorCode !== kafkaCode.none && error.retryable) {
          again = error;
          continue;
        }
        open = open.filter((candidate) => candidate !== asked);
        if (errorCode === kafkaCode.none) continue;
        // Ours, from a try whose answer was lost.
        const isOurs =
          isRepeated && errorCode === kafkaCode.topicAlreadyExists && asked !== undefined;
        if (!isOurs || !(await hasShape(cluster, asked))) failures.push(error);
      }
      if (again !== undefined) throw again;
    });
  }
  const [first] = failures;
  if (first !== undefined) throw first;
  await untilLed(cluster, topics);
}

/** Waits until metadata shows none of the topics any more. */
async function untilGone(cluster: Cluster, names: readonly string[]): Promise<void> {
  await cluster.attempt(async () => {
    for (const name of names) {
      cluster.forget(name);
      if ((await cluster.topic(name)) !== undefined) {
        throw new KopsError('KOPS_KAFKA_UNREACHABLE', `topic '${name}' was not deleted in time`, {
          at: { topic: name },
          hint: 'Start all brokers: Kafka deletes a topic only when they are running.',
        });
      }
    }
  });
}

/** See {@link import('../port.ts').KafkaClient.deleteTopics}. */
export async function deleteTopics(cluster: Cluster, names: readonly string[]): Promise<void> {
  let open = [...names];
  const failures: KopsError[] = [];
  if (open.length > 0) {
    await withController(cluster, async (link, isRepeated) => {
      const request = { topics: open, timeoutMs: brokerWaitMs };
      const response = await cluster.ask(link, deleteTopicsV3, request, { waitMs: brokerWaitMs });
      let again: KopsError | undefined;
      for (const { topic, errorCode } of response.topics) {
        const isAbsent = errorCode === kafkaCode.unknownTopicOrPartition;
        const error = isAbsent
          ? topicNotFound(topic)
          : protocolError(deleteTopicsV3, errorCode, { at: { topic } });
        if (errorCode !== kafkaCode.none && error.retryable) {
          again = error;
          continue;
        }
        open = open.filter((name) => name !== topic);
        if (errorCode !== kafkaCode.none && !(isAbsent && isRepeated)) failures.push(error);
      }
      if (again !== undefined) throw again;
    });
  }
  const [first] = failures;
  if (first !== undefined) throw first;
  await untilGone(cluster, names);
}

/** See {@link import('../port.ts').KafkaClient.alterTopicConfigs}. */
export async function alterTopicConfigs(
  cluster: Cluster,
  topic: string,
  configs: Readonly<Record<string, string | null>>,
  { validateOnly = false }: { readonly validateOnly?: boolean } = {},
): Promise<void> {
  const request = { topic, configs: Object.entries(configs), validateOnly };
  if (request.configs.length === 0) return;
  await withController(cluster, async (link) => {
    const { errorCode, message } = await cluster.ask(link, incrementalAlterConfigsV0, request);
    if (errorCode === kafkaCode.none) return;
    if (errorCode === kafkaCode.unknownTopicOrPartition) throw topicNotFound(topic);
    throw protocolError(incrementalAlterConfigsV0, errorCode, { at: { topic }, message });
  });
}
