import type { Api } from '../wire/api.ts';

/** One batch for one partition. */
export interface ProduceV8Request {
  readonly transactionalId: string | null;
  readonly timeoutMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly batch: Uint8Array;
}

/** What became of the batch. */
export interface ProduceV8Response {
  readonly errorCode: number;
  readonly baseOffset: bigint;
  readonly logAppendTime: bigint;
  readonly logStart: bigint;
  readonly message: string | null;
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
  encode: ({ transactionalId, timeoutMs, topic, partition, batch }, w) =>
    w
      .string(transactionalId)
      .int16(-1)
      .int32(timeoutMs)
      .array([topic], (name) =>
        w.string(name).array([batch], () => w.int32(partition).bytesByReference(batch)),
      ),
  decode: (r) => {
    const topics = r.array(() => {
      r.string();
      return r.array(() => {
        r.int32();
        const head = {
          errorCode: r.int16(),
          baseOffset: r.int64(),
          logAppendTime: r.int64(),
          logStart: r.int64(),
        };
        const recordErrors = r.array(() => ({ index: r.int32(), message: r.nullableString() }));
        const message = r.nullableString();
        return { ...head, message: recordErrors[0]?.message ?? message };
      });
    });
    const throttleMs = r.int32();
    // A broker answers for each partition it was given; without one there is nothing to rely on.
    const none = {
      errorCode: -1,
      baseOffset: -1n,
      logAppendTime: -1n,
      logStart: -1n,
      message: 'the answer names no partition',
    };
    return { ...(topics[0]?.[0] ?? none), throttleMs };
  },
};
