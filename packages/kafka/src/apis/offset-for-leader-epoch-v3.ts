import type { TopicPartition } from '@kops/core';
import type { Api } from '../wire/api.ts';

/** Which epoch's end is asked for. */
export interface OffsetForLeaderEpochRequest extends TopicPartition {
  readonly currentLeaderEpoch: number;
  readonly leaderEpoch: number;
}

/** Where the epoch ends. */
export interface OffsetForLeaderEpochResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly leaderEpoch: number;
  readonly endOffset: bigint;
}

/*
 * OffsetForLeaderEpoch Request (v3) => replica_id: INT32 (-1), topics: [topic: STRING, partitions: [partition]]
 *   partition => partition: INT32, current_leader_epoch: INT32, leader_epoch: INT32
 * OffsetForLeaderEpoch Response (v3) => throttle_time_ms: INT32, topics: [topic: STRING, partitions: [partition]]
 *   partition => error_code: INT16, partition: INT32, leader_epoch: INT32, end_offset: INT64
 */
export const offsetForLeaderEpochV3: Api<
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse
> = {
  key: 23,
  name: 'OffsetForLeaderEpoch',
  version: 3,
  isFlexible: false,
  rights: { topic: 'DESCRIBE' },
  encode: (q, w) =>
    w
      .int32(-1)
      .array([q], () =>
        w
          .string(q.topic)
          .array([q], () => w.int32(q.partition).int32(q.currentLeaderEpoch).int32(q.leaderEpoch)),
      ),
  decode: (r) => {
    const throttleMs = r.int32();
    const topics = r.array(() => {
      r.string();
      return r.array(() => {
        const errorCode = r.int16();
        r.int32();
        return { errorCode, leaderEpoch: r.int32(), endOffset: r.int64() };
      });
    });
    return {
      throttleMs,
      ...(topics[0]?.[0] ?? { errorCode: -1, leaderEpoch: -1, endOffset: -1n }),
    };
  },
};
