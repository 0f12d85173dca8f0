import { KopsError } from '@kops/core';
import { deleteGroupsV1 } from '../apis/delete-groups-v1.ts';
import { offsetCommitV7 } from '../apis/offset-commit-v7.ts';
import { offsetFetchV5 } from '../apis/offset-fetch-v5.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { topicNotFound } from '../cluster/send.ts';
import type { BrokerLink } from '../network/broker-link.ts';
import { kafkaCode } from '../error-codes.ts';
import type { CommittedOffset } from '../port.ts';
import { withCoordinator } from './coordinator.ts';
import { protocolError } from './protocol-error.ts';

/** See {@link import('../port.ts').KafkaClient.committedOffsets}. */
export async function committedOffsets(
  cluster: Cluster,
  group: string,
  deadlineMs?: number,
): Promise<CommittedOffset[]> {
  const read = async (link: BrokerLink): Promise<CommittedOffset[]> => {
    const response = await cluster.ask(link, offsetFetchV5, { group });
    if (response.errorCode !== kafkaCode.none) {
      throw protocolError(offsetFetchV5, response.errorCode, { at: { group } });
    }
    const offsets = response.topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset, leaderEpoch, metadata, errorCode }) => {
        if (errorCode !== kafkaCode.none)
          throw protocolError(offsetFetchV5, errorCode, { at: { group, topic, partition } });
        return { topic, partition, offset, leaderEpoch, metadata };
      }),
    );
    // Brokers answer in the order of a hash table; manifests are compared.
    return offsets.sort((a, b) =>
      a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
    );
  };
  return withCoordinator(cluster, { type: 'group', key: group }, read, deadlineMs);
}

/** What brokers answer when the group has members. */
const memberCodes: ReadonlySet<number> = new Set([
  kafkaCode.illegalGeneration,
  kafkaCode.unknownMemberId,
  kafkaCode.rebalanceInProgress,
  kafkaCode.fencedMemberEpoch,
  kafkaCode.staleMemberEpoch,
]);

function commitFailure(
  group: string,
  topic: string,
  partition: number,
  errorCode: number,
): KopsError {
  const at = { group, topic, partition };
  const failure = protocolError(offsetCommitV7, errorCode, { at });
  if (errorCode === kafkaCode.unknownTopicOrPartition) return topicNotFound(topic);
  if (!memberCodes.has(errorCode)) return failure;
  return new KopsError('KOPS_REFUSED', `group '${group}' has active members`, {
    at,
    cause: failure,
    hint: 'Stop the consumers of this group, then try again.',
  });
}

/** See {@link import('../port.ts').KafkaClient.commitOffsets}. */
export async function commitOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  if (offsets.length === 0) return;
  await withCoordinator(cluster, { type: 'group', key: group }, async (link) => {
    const { topics } = await cluster.ask(link, offsetCommitV7, { group, offsets });
    for (const { topic, partitions } of topics) {
      for (const { partition, errorCode } of partitions) {
        if (errorCode !== kafkaCode.none) throw commitFailure(group, topic, partition, errorCode);
      }
    }
  });
}

/** See {@link import('../port.ts').KafkaClient.deleteGroups}. */
export async function deleteGroups(cluster: Cluster, groups: readonly string[]): Promise<void> {
  for (const group of groups) {
    let isRepeated = false;
    await withCoordinator(cluster, { type: 'group', key: group }, async (link) => {
      try {
        const { results } = await cluster.ask(link, deleteGroupsV1, { groups: [group] });
        const errorCode = results[0]?.errorCode ?? -1;
        if (errorCode === kafkaCode.none || (errorCode === kafkaCode.groupIdNotFound && isRepeated))
          return;
        throw protocolError(deleteGroupsV1, errorCode, { at: { group } });
      } catch (error) {
        isRepeated ||= KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE');
        throw error;
      }
    });
  }
}
