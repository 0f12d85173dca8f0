import { KopsError, type Offset, type TopicPartition } from '@kops/core';
import {
  iterateRecords,
  splitBatches,
  validateBatch,
  type KafkaRecord,
  type TimestampType,
} from '@kops/record-batch';
import { fetchBelow } from '@kops/kafka/read';
import type { ComparisonSource, ComparisonTarget } from './compare-port.ts';

/** Records of one batch. They are valid until the next record or group is asked for. */
export interface RecordGroup {
  readonly timestampType: TimestampType;
  readonly records: Iterable<KafkaRecord>;
}

/** What a read_committed consumer of the archive would see, from an offset on. */
export async function* archiveRecords(
  archive: ComparisonSource,
  at: TopicPartition,
  options: {
    from?: Offset;
    transactions?: Awaited<ReturnType<ComparisonSource['scanTransactions']>>;
    signal?: AbortSignal;
  } = {},
): AsyncGenerator<RecordGroup> {
  const { topic, partition } = at;
  const { from, signal } = options;
  const shown = archive.partition(topic, partition);
  const start = from !== undefined && from > shown.logStart ? from : shown.logStart;
  const end = shown.cut;
  if (start >= end) return;
  const stop = signal === undefined ? {} : { signal };
  const transactions = options.transactions ?? (await archive.scanTransactions(at, stop));
  for await (const run of archive.readRuns({ topic, partition, from: start, to: end, ...stop })) {
    for (const { batch, segment } of run) {
      if (batch.isControl) continue;
      const { slice } = segment;
      const { isTransactional, producerId, timestampType } = batch;
      const isShown = ({ offset }: KafkaRecord): boolean =>
        offset >= start &&
        offset < end &&
        offset >= slice.start &&
        offset < slice.end &&
        !(isTransactional && transactions.isAborted(producerId, offset));
      yield { timestampType, records: filter(iterateRecords(batch), isShown) };
    }
  }
}

function* filter(
  records: Iterable<KafkaRecord>,
  isShown: (record: KafkaRecord) => boolean,
): Generator<KafkaRecord> {
  for (const record of records) if (isShown(record)) yield record;
}

/** How a target is read. */
export interface TargetReadOptions {
  /** Default: the log start. */
  readonly from?: Offset;
  /** Bytes of one fetch; the broker gives at least one batch, however large. Default 1 MiB. */
  readonly fetchBytes?: number;
  readonly signal?: AbortSignal;
}

const defaultFetchBytes = 1024 * 1024;
const emptyWaitMs = 500;

/**
 * All records of a live partition, up to the log end that it has when the reading begins; CRC-32C of every batch is checked.
 * @throws KOPS_BATCH_CORRUPT, KOPS_KAFKA_PROTOCOL when the log changes under the reading, and the errors of KafkaClient
 */
export async function* targetRecords(
  kafka: ComparisonTarget,
  at: TopicPartition,
  options: TargetReadOptions = {},
): AsyncGenerator<RecordGroup> {
  const [start = 0n] = await kafka.listOffsets([at], 'earliest');
  const [end = 0n] = await kafka.listOffsets([at], 'latest');
  let next = options.from !== undefined && options.from > start ? options.from : start;
  const first = next;
  while (next < end) {
    const fetched = await fetchOnce(kafka, at, next, end, options);
    // The comparison tells what is missing.
    if (fetched === 'nothing') return;
    const { bytes, release } = fetched;
    const before = next;
    for (const batch of splitBatches(bytes, at)) {
      if (batch.nextOffset <= next) continue;
      validateBatch(batch, at);
      next = batch.nextOffset;
      if (batch.isControl) continue;
      const isShown = ({ offset }: KafkaRecord): boolean => offset >= first && offset < end;
      yield {
        timestampType: batch.timestampType,
        records: filter(iterateRecords(batch), isShown),
      };
    }
    release?.();
    if (next === before) throw stalled(at, next, end);
  }
}

async function fetchOnce(
  kafka: ComparisonTarget,
  at: TopicPartition,
  offset: Offset,
  end: Offset,
  { fetchBytes = defaultFetchBytes, signal }: TargetReadOptions,
): Promise<{ bytes: Uint8Array; release?: () => void } | 'nothing'> {
  const topicId = await topicIdOf(kafka, at.topic);
  const request = {
    topic: at.topic,
    partition: at.partition,
    topicId,
    offset,
    currentLeaderEpoch: -1,
    maxBytes: fetchBytes,
    maxWaitMs: emptyWaitMs,
    ...(signal === undefined ? {} : { signal }),
  };
  const result = await fetchBelow(kafka, request, { end });
  if (result.status === 'ok') return result;
  if (result.status === 'nothing') return result.status;
  throw new KopsError('KOPS_KAFKA_PROTOCOL', `the target answers '${result.status}' to a fetch`, {
    at: { ...at, offset },
    hint: 'Stop the client that changes the topic on the target, then compare again.',
  });
}

/** Per client and topic; a topic that was recreated has another id, which a fetch then says. */
const topicIds = new WeakMap<ComparisonTarget, Map<string, string | undefined>>();

async function topicIdOf(kafka: ComparisonTarget, topic: string): Promise<string | undefined> {
  const known = topicIds.get(kafka) ?? new Map<string, string | undefined>();
  topicIds.set(kafka, known);
  if (!known.has(topic)) known.set(topic, (await kafka.topics([topic]))[0]?.id);
  return known.get(topic);
}

function stalled(at: TopicPartition, next: Offset, end: Offset): KopsError {
  return new KopsError(
    'KOPS_KAFKA_PROTOCOL',
    `the target returns no batch from offset ${next} on, though its log ends at ${end}`,
    {
      at: { ...at, offset: next },
      hint: "Check the target broker's log.",
    },
  );
}
