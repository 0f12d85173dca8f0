import type { Api } from '../wire/api.ts';
import type { Reader } from '../wire/reader.ts';

/** One batch for one partition. */
export interface ProducedBatch {
  readonly partition: number;
  readonly batch: Uint8Array;
}

/** Batches, of each partition at most one. */
export interface ProduceV8Request {
  readonly transactionalId: string | null;
  readonly timeoutMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly batches: readonly ProducedBatch[];
  }[];
}

/** What became of the batch of one partition. */
export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: bigint;
  readonly logAppendTime: bigint;
  readonly logStart: bigint;
  readonly message: string | null;
}

/** What became of the batches. */
export interface ProduceV8Response {
  readonly partitions: readonly ProducedPartition[];
  readonly throttleMs: number;
}

/*
 * Produce Request (v8) => transactional_id: NULLABLE_STRING, acks: INT16 (-1: all in-sync replicas), timeout_ms: INT32,
 *   topics: [name: STRING, partitions: [index: INT32, records: NULLABLE_BYTES]]
 * Produce Response (v8) => responses: [name: STRING, partitions: [partition]], throttle_time_ms: INT32
 *   partition => index: INT32, error_code: INT16, base_offset: INT64, log_append_time_ms: INT64, log_start_offset: INT64,
 *     record_errors: [batch_index: INT32, message: NULLABLE_STRING], error_message: NULLABLE_STRING
 *
 * Below v12, where the partition of a transaction is added by AddPartitionsToTxn and by nothing else (KIP-890).
 */
export const produceV8: Api<ProduceV8Request, ProduceV8Response> = {
  key: 0,
  name: 'Produce',
  version: 8,
  isFlexible: false,
  rights: { topic: 'WRITE', cluster: 'IDEMPOTENT_WRITE', 'transactional id': 'WRITE' },
  encode: ({ transactionalId, timeoutMs, topics }, w) =>
    w
      .string(transactionalId)
      .int16(-1)
      .int32(timeoutMs)
      .array(topics, ({ topic, batches }) =>
        w.string(topic).array(batches, ({ partition, batch }) => {
          w.int32(partition).bytesByReference(batch);
        }),
      ),
  decode: (r) => {
    const topics = r.array(() => {
      const topic = r.string();
      return r.array(() => decodePartition(r, topic));
    });
    const [first = []] = topics;
    return { partitions: topics.length > 1 ? topics.flat() : first, throttleMs: r.int32() };
  },
};

function decodePartition(r: Reader, topic: string): ProducedPartition {
  const partition = r.int32();
  const errorCode = r.int16();
  const baseOffset = r.int64();
  const logAppendTime = r.int64();
  const logStart = r.int64();
  const recordErrors = r.array(() => ({ index: r.int32(), message: r.nullableString() }));
  const message = r.nullableString();
  return {
    topic,
    partition,
    errorCode,
    baseOffset,
    logAppendTime,
    logStart,
    message: recordErrors[0]?.message ?? message,
  };
}

/** What the answer says of a partition. A broker answers for each that it was given; without that there is nothing to rely on. */
export function producedPartition(
  { partitions }: ProduceV8Response,
  topic: string,
  partition: number,
): ProducedPartition {
  const found = partitions.find((one) => one.partition === partition && one.topic === topic);
  if (found !== undefined) return found;
  const none = { errorCode: -1, baseOffset: -1n, logAppendTime: -1n, logStart: -1n };
  return { topic, partition, ...none, message: 'the response does not contain the partition' };
}
