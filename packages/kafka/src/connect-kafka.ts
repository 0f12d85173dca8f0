import { KopsError } from '@kops/core';
import { fetch } from './client/fetch.ts';
import { listOffsets } from './client/list-offsets.ts';
import { describeCluster, topics } from './client/topics.ts';
import { Cluster } from './cluster/cluster.ts';
import { resolveOptions } from './options.ts';
import type { KafkaClient, KafkaOptions } from './port.ts';

const soon = (name: string) => () => Promise.reject(new KopsError('KOPS_UNEXPECTED', `${name} is not there yet`));

/**
 * Connects to a Kafka cluster (2.4 or later): tries each bootstrap server once, within the connect timeout each.
 * @throws KOPS_KAFKA_UNREACHABLE naming each address tried and why; KOPS_ACCESS_DENIED when a broker refuses the login; KOPS_CONFIG.
 */
export async function connectKafka(options: KafkaOptions): Promise<KafkaClient> {
  const cluster = new Cluster(resolveOptions(options));
  try {
    await cluster.refresh([]);
  } catch (error) {
    cluster.close();
    throw error;
  }
  return {
    describeCluster: () => describeCluster(cluster),
    apiVersions: () => cluster.attempt(() => cluster.anyBroker((connection) => Promise.resolve(connection.versions))),
    topics: (names) => topics(cluster, names),
    listOffsets: (partitions, spec) => listOffsets(cluster, partitions, spec),
    fetch: (request) => fetch(cluster, request),
    topicConfigs: soon('topicConfigs'),
    offsetForLeaderEpoch: soon('offsetForLeaderEpoch'),
    initProducerId: soon('initProducerId'),
    produce: soon('produce'),
    createTopics: soon('createTopics'),
    deleteTopics: soon('deleteTopics'),
    alterTopicConfigs: soon('alterTopicConfigs'),
    listGroups: soon('listGroups'),
    committedOffsets: soon('committedOffsets'),
    commitOffsets: soon('commitOffsets'),
    deleteGroups: soon('deleteGroups'),
    [Symbol.asyncDispose]: () => {
      cluster.close();
      return Promise.resolve();
    },
  };
}
