import { zeroTopicId } from '@kops/core';
import type { TopicEntry } from '../apis/metadata.ts';
import type { TopicMetadata } from '../port.ts';

/** Metadata of the wire as the port gives it. */
export function toTopicMetadata(entry: TopicEntry): TopicMetadata {
  return {
    name: entry.name,
    id: entry.topicId === zeroTopicId ? undefined : entry.topicId,
    isInternal: entry.isInternal,
    partitions: entry.partitions
      .map(({ partition, leader, leaderEpoch, replicas, isr }) => ({
        partition,
        leader,
        leaderEpoch,
        replicas,
        isr,
      }))
      .sort((a, b) => a.partition - b.partition),
  };
}
