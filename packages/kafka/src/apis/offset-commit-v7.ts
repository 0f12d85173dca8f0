import type { CommittedOffset } from '../port.ts';
import type { Api } from '../wire/api.ts';

/** Offsets to commit from outside the group. */
export interface OffsetCommitRequest {
  readonly group: string;
  readonly offsets: readonly CommittedOffset[];
}

/** What became of each offset. */
export interface OffsetCommitResponse {
  readonly throttleMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}

/*
 * OffsetCommit Request (v7) => group_id: STRING, generation_id: INT32 (-1), member_id: STRING (""), group_instance_id: NULLABLE_STRING,
 *   topics: [name: STRING, partitions: [partition]]
 *   partition => partition_index: INT32, committed_offset: INT64, committed_leader_epoch: INT32, committed_metadata: NULLABLE_STRING
 * OffsetCommit Response (v7) => throttle_time_ms: INT32, topics: [name: STRING, partitions: [partition_index: INT32, error_code: INT16]]
 *
 * Generation -1 and no member is the way of tools: the broker takes it while the group has no members.
 */
export const offsetCommitV7: Api<OffsetCommitRequest, OffsetCommitResponse> = {
  key: 8,
  name: 'OffsetCommit',
  version: 7,
  isFlexible: false,
  rights: { group: 'READ', topic: 'READ' },
  encode: ({ group, offsets }, w) =>
    w
      .string(group)
      .int32(-1)
      .string('')
      .string(null)
      .array([...Map.groupBy(offsets, ({ topic }) => topic)], ([topic, members]) =>
        w
          .string(topic)
          .array(members, ({ partition, offset, leaderEpoch, metadata }) =>
            w.int32(partition).int64(offset).int32(leaderEpoch).string(metadata),
          ),
      ),
  decode: (r) => ({
    throttleMs: r.int32(),
    topics: r.array(() => ({
      topic: r.string(),
      partitions: r.array(() => ({ partition: r.int32(), errorCode: r.int16() })),
    })),
  }),
};
