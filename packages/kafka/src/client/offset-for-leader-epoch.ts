import { KopsError, type TopicPartition } from '@kops/core';
import { offsetForLeaderEpochV3 } from '../apis/offset-for-leader-epoch-v3.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { kafkaCode } from '../error-codes.ts';
import type { OffsetForLeaderEpoch } from '../port.ts';
import { protocolError } from './protocol-error.ts';

/** See {@link import('../port.ts').KafkaClient.offsetForLeaderEpoch}. */
export async function offsetForLeaderEpoch(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  leaderEpoch: number,
): Promise<OffsetForLeaderEpoch> {
  return cluster.attempt(async () => {
    try {
      const { link, metadata } = await cluster.leader(topic, partition);
      const request = { topic, partition, currentLeaderEpoch: metadata.leaderEpoch, leaderEpoch };
      const response = await cluster.ask(link, offsetForLeaderEpochV3, request);
      if (response.errorCode !== kafkaCode.none) {
        throw protocolError(offsetForLeaderEpochV3, response.errorCode, {
          at: { topic, partition },
        });
      }
      return { leaderEpoch: response.leaderEpoch, endOffset: response.endOffset };
    } catch (error) {
      if (KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE')) cluster.forget(topic);
      throw error;
    }
  });
}
