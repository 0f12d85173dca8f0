import { KopsError } from '@kops/core';
import { createTopicsV4, type CreateTopicsRequest } from '../apis/create-topics-v4.ts';
import { createTopicsV5, type CreateTopicsResponseV5 } from '../apis/create-topics-v5.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { send } from '../cluster/send.ts';
import { kafkaCode } from '../error-codes.ts';
import type { BrokerConnection } from '../network/broker-connection.ts';
import type { NewTopic, ValidatedTopic } from '../port.ts';
import { supports } from '../wire/api.ts';
import { protocolError } from './protocol-error.ts';
import { configSources } from './topic-configs.ts';

const waitMs = 10_000;
/** So that one answer stays small: it has some 40 configs for each topic. */
const topicsPerRequest = 100;

type Answer = CreateTopicsResponseV5['topics'][number];

async function ask(
  connection: BrokerConnection,
  topics: readonly NewTopic[],
): Promise<readonly Answer[]> {
  const request: CreateTopicsRequest = { topics, timeoutMs: waitMs, validateOnly: true };
  if (supports(connection.versions, createTopicsV5))
    return (await send(connection, createTopicsV5, request, { waitMs })).response.topics;
  const { response } = await send(connection, createTopicsV4, request, { waitMs });
  return response.topics.map((answer) => ({ ...answer, entries: [] }));
}

function validated({ topic, errorCode, message, entries }: Answer): ValidatedTopic {
  const isRefused = errorCode !== kafkaCode.none;
  const error = isRefused
    ? protocolError(createTopicsV4, errorCode, { at: { topic }, message })
    : null;
  if (error?.retryable === true) throw error;
  return {
    name: topic,
    error,
    configs: entries.map(({ source, ...entry }) => ({
      ...entry,
      source: configSources[source] ?? 'UNKNOWN',
    })),
  };
}

/** See {@link import('../port.ts').KafkaClient.validateTopics}. */
export async function validateTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
): Promise<ReadonlyMap<string, ValidatedTopic>> {
  const found = new Map<string, ValidatedTopic>();
  for (let at = 0; at < topics.length; at += topicsPerRequest) {
    const page = topics.slice(at, at + topicsPerRequest);
    await cluster.attempt(async (attempt) => {
      if (attempt > 1) await cluster.refresh([]);
      const connection = await (await cluster.controller()).control();
      for (const answer of await ask(connection, page)) found.set(answer.topic, validated(answer));
    });
  }
  const missing = topics.find(({ name }) => !found.has(name));
  if (missing === undefined) return found;
  throw new KopsError(
    'KOPS_KAFKA_PROTOCOL',
    `the response to CreateTopics does not contain '${missing.name}'`,
    {
      at: { topic: missing.name },
      hint: 'Check the log of the Kafka controller.',
    },
  );
}
