import { describeConfigsV2 } from '../apis/describe-configs-v2.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { send, topicNotFound } from '../cluster/send.ts';
import { kafkaCode } from '../error-codes.ts';
import type { TopicConfigEntry } from '../port.ts';
import { protocolError } from './protocol-error.ts';

/** Names of Kafka's ConfigEntry.ConfigSource by their numbers on the wire. */
export const configSources = [
  'UNKNOWN',
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG',
  'DYNAMIC_BROKER_LOGGER_CONFIG',
];

/** So that one answer stays small: a topic has some 40 entries. */
const topicsPerRequest = 200;

async function describe(
  cluster: Cluster,
  names: readonly string[],
): Promise<[string, TopicConfigEntry[]][]> {
  const { response } = await cluster.anyBroker((connection) =>
    send(connection, describeConfigsV2, { topics: names }, {}),
  );
  return response.results.map(({ topic, errorCode, message, entries }) => {
    if (errorCode === kafkaCode.unknownTopicOrPartition) throw topicNotFound(topic);
    if (errorCode !== kafkaCode.none)
      throw protocolError(describeConfigsV2, errorCode, { at: { topic }, message });
    return [
      topic,
      entries.map(({ name, value, source, isSensitive, isReadOnly }) => ({
        name,
        value,
        source: configSources[source] ?? 'UNKNOWN',
        isSensitive,
        isReadOnly,
      })),
    ];
  });
}

/** See {@link import('../port.ts').KafkaClient.topicConfigs}. */
export async function topicConfigs(
  cluster: Cluster,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly TopicConfigEntry[]>> {
  const found = new Map<string, readonly TopicConfigEntry[]>();
  for (let at = 0; at < names.length; at += topicsPerRequest) {
    const page = names.slice(at, at + topicsPerRequest);
    for (const [name, entries] of await cluster.attempt(() => describe(cluster, page)))
      found.set(name, entries);
  }
  return found;
}
