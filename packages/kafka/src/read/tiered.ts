import type { KafkaClient } from '../port.ts';

/** Topic configs by which brokers keep a part of a log elsewhere: Apache Kafka, Confluent, Redpanda. */
const tieringConfigs: ReadonlySet<string> = new Set([
  'remote.storage.enable',
  'confluent.tier.enable',
  'redpanda.remote.read',
]);

/** Whether a topic's log may lie in a remote store, for brokers that do not say where its local part starts. */
export async function isTiered(
  kafka: Pick<KafkaClient, 'topicConfigs'>,
  topic: string,
): Promise<boolean> {
  const entries = (await kafka.topicConfigs([topic])).get(topic) ?? [];
  return entries.some(({ name, value }) => tieringConfigs.has(name) && value === 'true');
}
