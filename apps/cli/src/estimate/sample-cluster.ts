import { mapLimit, selectTopics, throwIfAborted, type TopicPartition } from '@kops/core';
import type { KafkaClient, TopicMetadata } from '@kops/kafka';
import { fetchBelow } from '@kops/kafka/read';
import { splitBatches } from '@kops/record-batch';
import type { PartitionFacts } from './estimate.ts';

/** Bytes of one sample; a batch that is larger comes whole. */
const sampleBytes = 128 * 1024;
/** Partitions that are sampled; the others are taken for the average of their topic, or of all. */
const maxSampled = 256;
const parallelSamples = 8;

/** A partition to look at. */
export interface Place extends TopicPartition {
  readonly topicId: string | undefined;
  readonly leaderEpoch: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** What a fetch found. */
interface Sample {
  readonly bytes: number;
  readonly offsets: bigint;
}

/** Topics of a cluster, as a backup would choose them. @throws KOPS_TOPIC_NOT_FOUND */
export async function chooseTopics(
  kafka: KafkaClient,
  include: readonly string[],
  exclude: readonly string[],
): Promise<TopicMetadata[]> {
  const topics = await kafka.topics();
  const names = new Set(
    selectTopics(
      topics.map(({ name }) => name),
      { include, exclude },
    ),
  );
  return topics.filter(({ name }) => names.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Where the logs of topics start and end now, as a backup would cut them. */
export async function locatePartitions(
  kafka: KafkaClient,
  topics: readonly TopicMetadata[],
): Promise<Place[]> {
  const all = topics.flatMap(({ name, id, partitions }) =>
    partitions.map(({ partition, leaderEpoch }) => ({
      topic: name,
      topicId: id,
      partition,
      leaderEpoch,
    })),
  );
  const [starts, ends] = await Promise.all([
    kafka.listOffsets(all, 'earliest'),
    kafka.listOffsets(all, 'lastStable'),
  ]);
  return all.map((place, index) => ({
    ...place,
    start: starts[index] ?? 0n,
    end: ends[index] ?? 0n,
  }));
}

/** Looks at a little data at the start and in the middle of partitions, to know how large their records are. */
export async function samplePartitions(
  kafka: KafkaClient,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<PartitionFacts[]> {
  const filled = places.filter(({ start, end }) => end > start);
  const step = Math.max(1, filled.length / maxSampled);
  const chosen = Array.from(
    { length: Math.min(maxSampled, filled.length) },
    (_, index) => filled[Math.floor(index * step)],
  ).filter((place) => place !== undefined);
  const samples = new Map<Place, Sample>();
  await mapLimit(chosen, parallelSamples, async (place) => {
    throwIfAborted(signal);
    const middle = place.start + (place.end - place.start) / 2n;
    const first = await sampleAt(kafka, place, place.start, signal);
    const second =
      middle > place.start + first.offsets
        ? await sampleAt(kafka, place, middle, signal)
        : { bytes: 0, offsets: 0n };
    samples.set(place, {
      bytes: first.bytes + second.bytes,
      offsets: first.offsets + second.offsets,
    });
  });
  const ofTopic = averages(samples);
  return places.map((place) => {
    const { topic, partition, start, end } = place;
    const own = samples.get(place);
    const known = own !== undefined && own.offsets > 0n;
    return {
      topic,
      partition,
      start,
      end,
      bytesPerOffset: known ? own.bytes / Number(own.offsets) : (ofTopic.get(topic) ?? null),
      sampledBytes: own?.bytes ?? 0,
    };
  });
}

async function sampleAt(
  kafka: KafkaClient,
  place: Place,
  offset: bigint,
  signal: AbortSignal,
): Promise<Sample> {
  const { topic, partition, topicId, leaderEpoch } = place;
  const request = {
    topic,
    partition,
    topicId,
    offset,
    currentLeaderEpoch: leaderEpoch,
    maxBytes: sampleBytes,
    maxWaitMs: 0,
    signal,
  };
  const fetched = await fetchBelow(kafka, request, { end: place.end });
  // A topic that is deleted meanwhile, or a log start that moves, gives no sample: it is an estimate.
  if (fetched.status !== 'ok') return { bytes: 0, offsets: 0n };
  let bytes = 0;
  let first: bigint | undefined;
  let next = 0n;
  for (const batch of splitBatches(fetched.bytes, { topic, partition, offset })) {
    bytes += batch.sizeInBytes;
    first ??= batch.baseOffset;
    next = batch.nextOffset;
  }
  fetched.release?.();
  return { bytes, offsets: first === undefined ? 0n : next - first };
}

function averages(samples: ReadonlyMap<Place, Sample>): Map<string, number> {
  const sums = new Map<string, { bytes: number; offsets: bigint }>();
  for (const [{ topic }, { bytes, offsets }] of samples) {
    const sum = sums.get(topic) ?? { bytes: 0, offsets: 0n };
    sums.set(topic, { bytes: sum.bytes + bytes, offsets: sum.offsets + offsets });
  }
  return new Map(
    [...sums]
      .filter(([, { offsets }]) => offsets > 0n)
      .map(([topic, { bytes, offsets }]) => [topic, bytes / Number(offsets)]),
  );
}
