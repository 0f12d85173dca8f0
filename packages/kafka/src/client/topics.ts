import { metadataV10 } from '../apis/metadata-v10.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { topicNotFound } from '../cluster/send.ts';
import { toTopicMetadata } from '../cluster/topic-state.ts';
import { kafkaCode } from '../error-codes.ts';
import type { ClusterDescription, TopicMetadata } from '../port.ts';
import { protocolError } from './protocol-error.ts';

/** See {@link import('../port.ts').KafkaClient.describeCluster}. */
export async function describeCluster(cluster: Cluster): Promise<ClusterDescription> {
  const { view } = await cluster.attempt(() => cluster.refresh([]));
  return {
    clusterId: view.clusterId,
    controllerId: view.controllerId,
    brokers: view.brokers.toSorted((a, b) => a.id - b.id),
  };
}

/** See {@link import('../port.ts').KafkaClient.topics}. */
export async function topics(
  cluster: Cluster,
  names?: readonly string[],
): Promise<TopicMetadata[]> {
  if (names?.length === 0) return [];
  return cluster.attempt(async () => {
    const { response } = await cluster.refresh(names ?? null);
    return response.topics.map((entry) => {
      if (entry.errorCode === kafkaCode.none) return toTopicMetadata(entry);
      const failure = protocolError(metadataV10, entry.errorCode, { at: { topic: entry.name } });
      // A name that Kafka would not allow is a topic that does not exist.
      const isAbsent = [kafkaCode.unknownTopicOrPartition, kafkaCode.invalidTopic].some(
        (code) => code === entry.errorCode,
      );
      throw isAbsent ? topicNotFound(entry.name) : failure;
    });
  });
}
