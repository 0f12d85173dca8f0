import type { Api } from '../wire/api.ts';

/** A question for offsets of one topic's partitions. */
export interface ListOffsetsRequest {
  /** 0 read_uncommitted: -1 means the high watermark. 1 read_committed: -1 means the last stable offset. */
  readonly isolationLevel: 0 | 1;
  readonly topics: readonly {
    readonly topic: string;
    /** `timestamp` in ms; -1 latest, -2 earliest. */
    readonly partitions: readonly { readonly partition: number; readonly timestamp: bigint }[];
  }[];
}

/** Offsets per topic and partition. */
export interface ListOffsetsResponse {
  readonly throttleMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly offset: bigint;
    }[];
  }[];
}

/*
 * ListOffsets Request (v5) => replica_id: INT32 (-1), isolation_level: INT8, topics: [name: STRING, partitions: [partition]]
 *   partition => partition_index: INT32, current_leader_epoch: INT32 (-1), timestamp: INT64
 * ListOffsets Response (v5) => throttle_time_ms: INT32, topics: [name: STRING, partitions: [partition]]
 *   partition => partition_index: INT32, error_code: INT16, timestamp: INT64, offset: INT64, leader_epoch: INT32
 */
export const listOffsetsV5: Api<ListOffsetsRequest, ListOffsetsResponse> = {
  key: 2,
  name: 'ListOffsets',
  version: 5,
  isFlexible: false,
  rights: { topic: 'DESCRIBE' },
  encode: ({ isolationLevel, topics }, w) =>
    w
      .int32(-1)
      .int8(isolationLevel)
      .array(topics, ({ topic, partitions }) =>
        w
          .string(topic)
          .array(partitions, ({ partition, timestamp }) =>
            w.int32(partition).int32(-1).int64(timestamp),
          ),
      ),
  decode: (r) => ({
    throttleMs: r.int32(),
    topics: r.array(() => ({
      topic: r.string(),
      partitions: r.array(() => {
        const head = { partition: r.int32(), errorCode: r.int16() };
        r.int64();
        const offset = r.int64();
        r.int32();
        return { ...head, offset };
      }),
    })),
  }),
};
