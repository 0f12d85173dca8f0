import type { Api } from '../wire/api.ts';
import type { ListOffsetsRequest, ListOffsetsResponse } from './list-offsets-v5.ts';

/*
 * ListOffsets Request (v8) => replica_id: INT32 (-1), isolation_level: INT8, topics: [name: COMPACT_STRING, partitions: [partition], TAG_BUFFER],
 *   TAG_BUFFER
 *   partition => partition_index: INT32, current_leader_epoch: INT32 (-1), timestamp: INT64, TAG_BUFFER
 * ListOffsets Response (v8) => throttle_time_ms: INT32, topics: [name: COMPACT_STRING, partitions: [partition], TAG_BUFFER], TAG_BUFFER
 *   partition => partition_index: INT32, error_code: INT16, timestamp: INT64, offset: INT64, leader_epoch: INT32, TAG_BUFFER
 *
 * The first version that takes the timestamp -4, the local log start (KIP-405).
 */
export const listOffsetsV8: Api<ListOffsetsRequest, ListOffsetsResponse> = {
  key: 2,
  name: 'ListOffsets',
  version: 8,
  isFlexible: true,
  rights: { topic: 'DESCRIBE' },
  encode: ({ isolationLevel, topics }, w) =>
    w
      .int32(-1)
      .int8(isolationLevel)
      .compactArray(topics, ({ topic, partitions }) =>
        w
          .compactString(topic)
          .compactArray(partitions, ({ partition, timestamp }) =>
            w.int32(partition).int32(-1).int64(timestamp).noTags(),
          )
          .noTags(),
      )
      .noTags(),
  decode: (r) => {
    const throttleMs = r.int32();
    const topics = r.compactArray(() => {
      const topic = r.compactString();
      const partitions = r.compactArray(() => {
        const head = { partition: r.int32(), errorCode: r.int16() };
        r.int64();
        const offset = r.int64();
        r.int32();
        r.tags();
        return { ...head, offset };
      });
      r.tags();
      return { topic, partitions };
    });
    r.tags();
    return { throttleMs, topics };
  },
};
