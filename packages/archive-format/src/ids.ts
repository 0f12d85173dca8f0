import { createHash, randomBytes } from 'node:crypto';
import { systemClock, type Clock, type TopicId } from '@kops/core';

/** Source of `size` random bytes; replace it in tests only. */
export type RandomBytes = (size: number) => Uint8Array;

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * A new archive id: `20260131t235959z-k3v9q2xa`. The time is a label for people; the eight base32 digits (40 random bits) make it unique.
 */
export function newArchiveId(
  clock: Clock = systemClock,
  random: RandomBytes = randomBytes,
): string {
  const time = new Date(clock.now())
    .toISOString()
    .slice(0, 19)
    .replaceAll(/[-:]/g, '')
    .toLowerCase();
  const suffix = Array.from(random(8), (byte) => alphabet[byte % 32]).join('');
  return `${time}z-${suffix}`;
}

/** 128 random bits as hex: token of a segment attempt, id of a repository or of a pin. Never used twice. */
export function newToken(random: RandomBytes = randomBytes): string {
  return Buffer.from(random(16)).toString('hex');
}

/**
 * Topic id for a cluster that has none (before Kafka 2.8, KIP-516): the same for the same cluster and name.
 * A topic that is deleted and created again keeps it, so such a manifest says `derivedTopicId`.
 */
export function deriveTopicId(clusterId: string, topicName: string): TopicId {
  const input = JSON.stringify(['kops topic id 1', clusterId, topicName]);
  return createHash('sha256').update(input, 'utf8').digest('hex').slice(0, 32);
}
