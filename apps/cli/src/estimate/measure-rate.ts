import { mapLimit } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import { fetchBelow } from '@kops/kafka/read';
import { splitBatches } from '@kops/record-batch';
import type { Rate } from './estimate.ts';
import type { Place } from './sample-cluster.ts';

const measuredPartitions = 4;
const fetchBytes = 2 * 1024 * 1024;
const measureMs = 1_500;
const mostBytes = 64 * 1024 * 1024;
/** Less says more of the latency than of the rate. */
const leastBytes = 1024 * 1024;
/** Reading alone may be faster than a backup, which also hashes and writes: about this much goes through two cores. */
const backupBytesPerSecond = 200 * 1024 * 1024;

/** Reads the longest partitions for a moment; what a backup cannot reach is not promised. Null where there is too little to read. */
export async function measureRate(
  kafka: KafkaClient,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<Rate | null> {
  const longest = [...places]
    .sort((a, b) => Number(b.end - b.start - (a.end - a.start)))
    .slice(0, measuredPartitions);
  const started = performance.now();
  let bytes = 0;
  await mapLimit(longest, measuredPartitions, async (place) => {
    let offset = place.start;
    while (offset < place.end && performance.now() - started < measureMs && bytes < mostBytes) {
      const { topic, partition, topicId, leaderEpoch } = place;
      const request = {
        topic,
        partition,
        topicId,
        offset,
        currentLeaderEpoch: leaderEpoch,
        maxBytes: fetchBytes,
        maxWaitMs: 0,
        signal,
      };
      const fetched = await fetchBelow(kafka, request, { end: place.end });
      if (fetched.status !== 'ok') return;
      bytes += fetched.bytes.byteLength;
      const next = endOf(fetched.bytes, offset);
      fetched.release?.();
      if (next <= offset) return;
      offset = next;
    }
  });
  const ms = performance.now() - started;
  return bytes < leastBytes
    ? null
    : { bytesPerSecond: Math.min((bytes / ms) * 1000, backupBytesPerSecond), from: 'measured' };
}

function endOf(bytes: Uint8Array, offset: bigint): bigint {
  let next = offset;
  for (const batch of splitBatches(bytes)) next = batch.nextOffset;
  return next;
}
