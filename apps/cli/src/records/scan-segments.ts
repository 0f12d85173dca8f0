import { type SegmentEntry } from '@kops/archive-format';
import { selectTopics, throwIfAborted, type TopicId, type TopicPartition } from '@kops/core';
import type { KafkaRecord } from '@kops/record-batch';
import type { Archive } from '@kops/repository';

/** Which records of an archive are looked through. */
export interface ScanRequest {
  /** Names and globs; all topics that are not internal if there are none. */
  readonly topics?: readonly string[] | undefined;
  readonly partition?: number | undefined;
  /** Times in ms since the epoch; from is included, to is not. */
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
  /** Offsets; the first is included, the second is not. */
  readonly fromOffset?: bigint | undefined;
  readonly toOffset?: bigint | undefined;
  readonly isolation?: 'read_committed' | 'read_uncommitted' | undefined;
}

/** A partition that is looked through. */
export interface ScannedPartition extends TopicPartition {
  readonly topicId: TopicId;
  /** What the archive shows: offsets [logStart, cut). */
  readonly logStart: bigint;
  readonly cut: bigint;
  /** Of the segments that hold it. */
  readonly bytes: bigint;
}

/** A part of a segment that the archive shows. */
export interface ScannedSegment {
  readonly at: ScannedPartition;
  readonly segment: SegmentEntry;
}

/**
 * Partitions that a request means, by topic and number.
 * @throws KOPS_TOPIC_NOT_FOUND for a topic or partition that the archive lacks
 */
export function scannedPartitions(archive: Archive, request: ScanRequest): ScannedPartition[] {
  const { topics = [], partition: wanted } = request;
  const names = selectTopics(
    archive.manifest.topics.map(({ name }) => name),
    { include: topics, exclude: [] },
  );
  const chosen = new Set(names);
  const found = archive.manifest.topics.flatMap(({ name: topic, topicId, partitions }) =>
    chosen.has(topic)
      ? partitions
          .filter(({ partition }) => wanted === undefined || partition === wanted)
          .map(({ partition, logStart, cut, plaintextBytes }) => ({
            topic,
            partition,
            topicId,
            logStart,
            cut,
            bytes: BigInt(plaintextBytes),
          }))
      : [],
  );
  // Says which one is missing.
  if (found.length === 0 && wanted !== undefined) archive.partition(names[0] ?? '', wanted);
  const place = new Map(names.map((name, index) => [name, index]));
  return found.sort(
    (a, b) => (place.get(a.topic) ?? 0) - (place.get(b.topic) ?? 0) || a.partition - b.partition,
  );
}

/** Segments of a partition that may hold records of the time and the offsets that are asked for. */
export async function segmentsOf(
  archive: Archive,
  at: ScannedPartition,
  { from, fromOffset = at.logStart, toOffset = at.cut }: ScanRequest,
): Promise<ScannedSegment[]> {
  const { segments } = await archive.segments(at);
  return segments
    .filter(({ maxTimestamp }) => from === undefined || maxTimestamp >= from)
    .filter(({ slice }) => slice.end > fromOffset && slice.start < toOffset)
    .map((segment) => ({ at, segment }));
}

/** Records of a segment that are asked for, run by run. Take each run whole before the next is asked for; records are views that do not last. */
export async function* readSegment(
  archive: Archive,
  { at, segment }: ScannedSegment,
  request: ScanRequest,
  signal: AbortSignal,
): AsyncGenerator<Iterable<KafkaRecord>> {
  const { topic, partition } = at;
  const { from, to, fromOffset = at.logStart, toOffset = at.cut } = request;
  const { isolation = 'read_committed' } = request;
  const { start, end } = segment.slice;
  const range = {
    topic,
    partition,
    from: start > fromOffset ? start : fromOffset,
    to: end < toOffset ? end : toOffset,
    isolation,
    signal,
  };
  for await (const run of archive.readRecordRuns(range)) {
    throwIfAborted(signal);
    yield from === undefined && to === undefined ? run : inTime(run, from, to);
  }
}

/** How much of a partition lies before an offset, if records are of about the same size. */
export function bytesBefore({ logStart, cut, bytes }: ScannedPartition, offset: bigint): bigint {
  return cut > logStart ? (bytes * (offset - logStart)) / (cut - logStart) : 0n;
}

function* inTime(
  run: Iterable<KafkaRecord>,
  from: bigint | undefined,
  to: bigint | undefined,
): Generator<KafkaRecord> {
  for (const record of run) {
    const { timestamp } = record;
    if ((from === undefined || timestamp >= from) && (to === undefined || timestamp < to))
      yield record;
  }
}
