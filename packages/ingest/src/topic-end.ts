import { KopsError } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import { topicIdOf, type TopicSnapshot } from './cluster-snapshot.ts';
import type { TopicEnd } from './plan-backup.ts';

/** Asks the cluster what has become of a topic; undefined where it is what it was. */
export async function topicEndOf(
  kafka: Pick<KafkaClient, 'topics'>,
  clusterId: string,
  { name, topicId }: TopicSnapshot,
): Promise<TopicEnd | undefined> {
  try {
    const [topic] = await kafka.topics([name]);
    if (topic === undefined) return 'topic-deleted';
    return topicIdOf(clusterId, topic) === topicId ? undefined : 'topic-recreated';
  } catch (error) {
    if (KopsError.is(error, 'KOPS_TOPIC_NOT_FOUND')) return 'topic-deleted';
    throw error;
  }
}
