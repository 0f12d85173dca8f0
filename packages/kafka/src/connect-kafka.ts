import { fetch } from './client/fetch.ts';
import { commitOffsets, committedOffsets, deleteGroups } from './client/group-offsets.ts';
import { listGroups } from './client/list-groups.ts';
import { listOffsetsOfEach } from './client/list-offsets-of-each.ts';
import { listOffsets } from './client/list-offsets.ts';
import { offsetForLeaderEpoch } from './client/offset-for-leader-epoch.ts';
import { probe } from './client/probe.ts';
import { initProducerId, Producer } from './client/produce.ts';
import { alterTopicConfigs, createTopics, deleteTopics } from './client/topic-admin.ts';
import { topicConfigs } from './client/topic-configs.ts';
import { describeCluster, topics } from './client/topics.ts';
import { validateTopics } from './client/validate-topics.ts';
import { Cluster } from './cluster/cluster.ts';
import { resolveOptions } from './options.ts';
import type { KafkaClient, KafkaOptions } from './port.ts';

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
  const producer = new Producer(cluster);
  return {
    describeCluster: () => describeCluster(cluster),
    probe: (options) => probe(cluster, options),
    apiVersions: () =>
      cluster.attempt(() =>
        cluster.anyBroker((connection) => Promise.resolve(connection.versions)),
      ),
    topics: (names) => topics(cluster, names),
    listOffsets: (partitions, spec, options) =>
      options === undefined
        ? listOffsets(cluster, partitions, spec)
        : listOffsetsOfEach(cluster, partitions, spec, options),
    fetch: (request) => fetch(cluster, request),
    offsetForLeaderEpoch: (partition, epoch) => offsetForLeaderEpoch(cluster, partition, epoch),
    initProducerId: (transactionalId) => initProducerId(cluster, transactionalId),
    produce: (request) => producer.produce(request),
    openProduceLane: (laneOptions) => producer.openLane(laneOptions),
    createTopics: (newTopics) => createTopics(cluster, newTopics),
    deleteTopics: (names) => deleteTopics(cluster, names),
    validateTopics: (newTopics) => validateTopics(cluster, newTopics),
    topicConfigs: (names) => topicConfigs(cluster, names),
    alterTopicConfigs: (topic, configs, options) =>
      alterTopicConfigs(cluster, topic, configs, options),
    listGroups: () => listGroups(cluster),
    committedOffsets: (group, options) => committedOffsets(cluster, group, options?.deadlineMs),
    commitOffsets: (group, offsets) => commitOffsets(cluster, group, offsets),
    deleteGroups: (groups) => deleteGroups(cluster, groups),
    [Symbol.asyncDispose]: () => {
      cluster.close();
      return Promise.resolve();
    },
  };
}
