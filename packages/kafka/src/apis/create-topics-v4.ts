import type { NewTopic } from '../port.ts';
import type { Api } from '../wire/api.ts';

/** Topics to create. */
export interface CreateTopicsRequest {
  readonly topics: readonly NewTopic[];
  readonly timeoutMs: number;
  /** Creates nothing. Default false. */
  readonly validateOnly?: boolean;
}

/** What became of each topic. */
export interface CreateTopicsResponse {
  readonly throttleMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly errorCode: number;
    readonly message: string | null;
  }[];
}

/*
 * CreateTopics Request (v4) => topics: [topic], timeout_ms: INT32, validate_only: BOOLEAN
 *   topic => name: STRING, num_partitions: INT32, replication_factor: INT16,
 *     assignments: [partition_index: INT32, broker_ids: [INT32]], configs: [name: STRING, value: NULLABLE_STRING]
 *   With assignments, num_partitions and replication_factor are -1.
 * CreateTopics Response (v4) => throttle_time_ms: INT32, topics: [name: STRING, error_code: INT16, error_message: NULLABLE_STRING]
 */
export const createTopicsV4: Api<CreateTopicsRequest, CreateTopicsResponse> = {
  key: 19,
  name: 'CreateTopics',
  version: 4,
  isFlexible: false,
  rights: { topic: 'CREATE', cluster: 'CREATE' },
  encode: ({ topics, timeoutMs, validateOnly = false }, w) =>
    w
      .array(topics, ({ name, partitions, replicationFactor, assignments, configs }) =>
        w
          .string(name)
          .int32(assignments === undefined ? partitions : -1)
          .int16(assignments === undefined ? replicationFactor : -1)
          .array([...(assignments ?? []).entries()], ([partition, brokers]) =>
            w.int32(partition).array(brokers, (broker) => w.int32(broker)),
          )
          .array(Object.entries(configs), ([key, value]) => w.string(key).string(value)),
      )
      .int32(timeoutMs)
      .boolean(validateOnly),
  decode: (r) => ({
    throttleMs: r.int32(),
    topics: r.array(() => ({
      topic: r.string(),
      errorCode: r.int16(),
      message: r.nullableString(),
    })),
  }),
};
