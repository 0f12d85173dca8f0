import type { Api } from '../wire/api.ts';
import type { Reader } from '../wire/reader.ts';
import {
  emptyFetch,
  type PartitionFetch,
  type PartitionFetched,
  type PartitionState,
} from './fetch.ts';

/*
 * partitions => partition_index: INT32, error_code: INT16, high_watermark: INT64, last_stable_offset: INT64,
 *   log_start_offset: INT64, aborted_transactions: [producer_id: INT64, first_offset: INT64],
 *   preferred_read_replica: INT32, records: NULLABLE_BYTES
 */
function decodePartition(r: Reader): PartitionState {
  r.int32();
  const head = {
    errorCode: r.int16(),
    highWatermark: r.int64(),
    lastStableOffset: r.int64(),
    logStart: r.int64(),
  };
  const aborted = r.array(() => ({ producerId: r.int64(), firstOffset: r.int64() }));
  r.int32();
  return { ...head, aborted, records: r.bytes() };
}

/* responses => topic: STRING, partitions: [partition] */
function decodeTopic(r: Reader): PartitionState | undefined {
  r.string();
  return r.array(decodePartition)[0];
}

/*
 * Fetch Request (v11) => replica_id: INT32 (-1), max_wait_ms: INT32, min_bytes: INT32, max_bytes: INT32,
 *   isolation_level: INT8 (0 read_uncommitted, 1 read_committed), session_id: INT32 (0), session_epoch: INT32 (-1: no session),
 *   topics: [topic: STRING, partitions: [partition]], forgotten: [], rack_id: STRING
 *   partition => partition: INT32, current_leader_epoch: INT32, fetch_offset: INT64, log_start_offset: INT64 (-1),
 *     partition_max_bytes: INT32
 * Fetch Response (v11) => throttle_time_ms: INT32, error_code: INT16, session_id: INT32, responses: [topic]
 *
 * By name, for brokers before 3.1 (2.3 and above).
 */
export const fetchV11: Api<PartitionFetch, PartitionFetched> = {
  key: 1,
  name: 'Fetch',
  version: 11,
  isFlexible: false,
  rights: { topic: 'READ' },
  encode: (f, w) =>
    w
      .int32(-1)
      .int32(f.maxWaitMs)
      .int32(1)
      .int32(f.maxBytes)
      .int8(f.isolationLevel)
      .int32(0)
      .int32(-1)
      .array([f], () =>
        w
          .string(f.topic)
          .array([f], () =>
            w
              .int32(f.partition)
              .int32(f.currentLeaderEpoch)
              .int64(f.offset)
              .int64(-1n)
              .int32(f.maxBytes),
          ),
      )
      .array([], () => undefined)
      .string(''),
  decode: (r) => {
    const throttleMs = r.int32();
    const errorCode = r.int16();
    r.int32();
    const partition = r.array(decodeTopic)[0];
    return partition === undefined || errorCode !== 0
      ? emptyFetch(throttleMs, errorCode)
      : { throttleMs, isAnswered: true, ...partition };
  },
};
