import type { Api } from '../wire/api.ts';

/** The group whose offsets are asked for, over all topics. */
export interface OffsetFetchRequest {
  readonly group: string;
}

/** What a group committed. */
export interface OffsetFetchResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly offset: bigint;
      readonly leaderEpoch: number;
      readonly metadata: string | null;
      readonly errorCode: number;
    }[];
  }[];
}

/*
 * OffsetFetch Request (v5) => group_id: STRING, topics: [name: STRING, partition_indexes: [INT32]]        null: all topics
 * OffsetFetch Response (v5) => throttle_time_ms: INT32, topics: [name: STRING, partitions: [partition]], error_code: INT16
 *   partition => partition_index: INT32, committed_offset: INT64, committed_leader_epoch: INT32, metadata: NULLABLE_STRING, error_code: INT16
 */
export const offsetFetchV5: Api<OffsetFetchRequest, OffsetFetchResponse> = {
  key: 9,
  name: 'OffsetFetch',
  version: 5,
  isFlexible: false,
  rights: { group: 'DESCRIBE', topic: 'DESCRIBE' },
  encode: ({ group }, w) => w.string(group).array(null, () => undefined),
  decode: (r) => {
    const throttleMs = r.int32();
    const topics = r.array(() => ({
      topic: r.string(),
      partitions: r.array(() => ({
        partition: r.int32(),
        offset: r.int64(),
        leaderEpoch: r.int32(),
        metadata: r.nullableString(),
        errorCode: r.int16(),
      })),
    }));
    return { throttleMs, topics, errorCode: r.int16() };
  },
};
