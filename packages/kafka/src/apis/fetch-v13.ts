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
 *   log_start_offset: INT64, aborted_transactions: [producer_id: INT64, first_offset: INT64, TAG_BUFFER],
 *   preferred_read_replica: INT32, records: COMPACT_NULLABLE_BYTES, TAG_BUFFER
 *     tag 0: diverging_epoch => epoch: INT32, end_offset: INT64, TAG_BUFFER
 */
function decodePartition(r: Reader): PartitionState {
  r.int32();
  const head = {
    errorCode: r.int16(),
    highWatermark: r.int64(),
    lastStableOffset: r.int64(),
    logStart: r.int64(),
  };
  const aborted = r.compactArray(() => {
    const transaction = { producerId: r.int64(), firstOffset: r.int64() };
    r.tags();
    return transaction;
  });
  r.int32();
  const records = r.compactBytes();
  let diverging: PartitionFetched['diverging'];
  r.tags((tag, field) => {
    if (tag === 0) diverging = { epoch: field.int32(), endOffset: field.int64() };
  });
  return { ...head, aborted, records, ...(diverging === undefined ? {} : { diverging }) };
}

/* responses => topic_id: UUID, partitions: [partition], TAG_BUFFER */
function decodeTopic(r: Reader): PartitionState | undefined {
  r.uuid();
  const partitions = r.compactArray(decodePartition);
  r.tags();
  return partitions[0];
}

/*
 * Fetch Request (v13) => replica_id: INT32 (-1), max_wait_ms: INT32, min_bytes: INT32, max_bytes: INT32,
 *   isolation_level: INT8 (0 read_uncommitted, 1 read_committed), session_id: INT32 (0), session_epoch: INT32 (-1: no session),
 *   topics: [topic_id: UUID, partitions: [partition], TAG_BUFFER], forgotten: [], rack_id: COMPACT_STRING, TAG_BUFFER
 *   partition => partition: INT32, current_leader_epoch: INT32, fetch_offset: INT64, last_fetched_epoch: INT32,
 *     log_start_offset: INT64 (-1), partition_max_bytes: INT32, TAG_BUFFER
 * Fetch Response (v13) => throttle_time_ms: INT32, error_code: INT16, session_id: INT32, responses: [topic], TAG_BUFFER
 *
 * By topic id (KIP-516, Kafka 3.1): the broker itself tells a recreated topic from the one that was meant.
 */
export const fetchV13: Api<PartitionFetch, PartitionFetched> = {
  key: 1,
  name: 'Fetch',
  version: 13,
  isFlexible: true,
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
      .compactArray([f], () =>
        w
          .uuid(f.topicId)
          .compactArray([f], () =>
            w
              .int32(f.partition)
              .int32(f.currentLeaderEpoch)
              .int64(f.offset)
              .int32(f.lastFetchedEpoch)
              .int64(-1n)
              .int32(f.maxBytes)
              .noTags(),
          )
          .noTags(),
      )
      .compactArray([], () => undefined)
      .compactString('')
      .noTags(),
  decode: (r) => {
    const throttleMs = r.int32();
    const errorCode = r.int16();
    r.int32();
    const partition = r.compactArray(decodeTopic)[0];
    return partition === undefined || errorCode !== 0
      ? emptyFetch(throttleMs, errorCode)
      : { throttleMs, isAnswered: true, ...partition };
  },
};
