import { isSelected, type NameSelection, type TopicId } from '@kops/core';

/** A topic as it is captured. */
export interface KnownTopic {
  readonly name: string;
  readonly topicId: TopicId;
  readonly partitions: ReadonlySet<number>;
  /** It was deleted: what there is of it stays, nothing more comes. */
  readonly ended: boolean;
}

/** A topic as the cluster shows it. */
export interface SeenTopic {
  readonly name: string;
  readonly topicId: TopicId;
  /** Those that have a leader. */
  readonly partitions: readonly number[];
}

/** What has become of the topics of a backup. */
export interface TopicChanges {
  /** Names of topics that are new and meant. */
  readonly added: readonly string[];
  /** Names of topics that have new partitions. */
  readonly grown: readonly string[];
  readonly deleted: readonly KnownTopic[];
  /** Another life has taken the name; also of those that had ended before. */
  readonly recreated: readonly KnownTopic[];
}

/**
 * Compares what is captured with what there is. Pure.
 * @param past ids of lives that another has taken the place of: a broker that has not heard of it yet may still show one
 */
export function compareTopics(
  known: readonly KnownTopic[],
  seen: readonly SeenTopic[],
  selection: NameSelection,
  past: ReadonlySet<TopicId>,
): TopicChanges {
  const present = new Map(seen.map((topic) => [topic.name, topic]));
  const names = new Set(known.map(({ name }) => name));
  const isPast = ({ topicId }: SeenTopic): boolean => past.has(topicId);
  return {
    added: seen
      .filter((topic) => !names.has(topic.name) && !isPast(topic) && topic.partitions.length > 0)
      .map(({ name }) => name)
      .filter((name) => isSelected(name, selection)),
    grown: known
      .filter(({ name, topicId, partitions, ended }) => {
        const now = present.get(name);
        return (
          !ended && now?.topicId === topicId && now.partitions.some((one) => !partitions.has(one))
        );
      })
      .map(({ name }) => name),
    deleted: known.filter(({ name, ended }) => !ended && !present.has(name)),
    recreated: known.filter(({ name, topicId }) => {
      const now = present.get(name);
      return now !== undefined && now.topicId !== topicId && !isPast(now);
    }),
  };
}
