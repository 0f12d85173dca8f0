/** A partition of a topic, by name. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** `orders-3`: Kafka's own way to write a partition. */
export function formatTopicPartition({ topic, partition }: TopicPartition): string {
  return `${topic}-${String(partition)}`;
}

/** Offset of a record in a partition: 0 … 2^63-1. */
export type Offset = bigint;

const hexOfUuid = /^[0-9a-f]{32}$/;

/** Topic id (KIP-516) as 32 lower-case hex digits, the only form kops keeps. */
export type TopicId = string;

/** The all-zero id: Kafka's way to say "no topic id". */
export const zeroTopicId: TopicId = '0'.repeat(32);

/** Whether a string is a topic id in hex form. */
export function isTopicId(text: string): text is TopicId {
  return hexOfUuid.test(text);
}
