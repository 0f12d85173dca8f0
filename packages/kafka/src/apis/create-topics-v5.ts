import type { Api } from '../wire/api.ts';
import type { CreateTopicsRequest, CreateTopicsResponse } from './create-topics-v4.ts';

/** What became of each topic, with the configs it has or would have. */
export interface CreateTopicsResponseV5 extends CreateTopicsResponse {
  readonly topics: readonly (CreateTopicsResponse['topics'][number] & {
    /** Empty where the user has no right to see them. */
    readonly entries: readonly {
      readonly name: string;
      readonly value: string | null;
      readonly isReadOnly: boolean;
      /** Kafka's number of the place the value comes from. */
      readonly source: number;
      readonly isSensitive: boolean;
    }[];
  })[];
}

/*
 * CreateTopics Request (v5) => topics: [topic], timeout_ms: INT32, validate_only: BOOLEAN, TAG_BUFFER
 *   topic => name: COMPACT_STRING, num_partitions: INT32, replication_factor: INT16,
 *     assignments: [partition_index: INT32, broker_ids: [INT32], TAG_BUFFER], configs: [name, value, TAG_BUFFER], TAG_BUFFER
 * CreateTopics Response (v5) => throttle_time_ms: INT32, topics: [topic], TAG_BUFFER
 *   topic => name, error_code: INT16, error_message, num_partitions: INT32, replication_factor: INT16, configs: [config], TAG_BUFFER
 *   config => name, value, read_only: BOOLEAN, config_source: INT8, is_sensitive: BOOLEAN, TAG_BUFFER
 *
 * The first version that tells the configs of a topic (KIP-525), also with validate_only.
 */
export const createTopicsV5: Api<CreateTopicsRequest, CreateTopicsResponseV5> = {
  key: 19,
  name: 'CreateTopics',
  version: 5,
  isFlexible: true,
  rights: { topic: 'CREATE', cluster: 'CREATE' },
  encode: ({ topics, timeoutMs, validateOnly = false }, w) =>
    w
      .compactArray(topics, ({ name, partitions, replicationFactor, assignments, configs }) =>
        w
          .compactString(name)
          .int32(assignments === undefined ? partitions : -1)
          .int16(assignments === undefined ? replicationFactor : -1)
          .compactArray([...(assignments ?? []).entries()], ([partition, brokers]) =>
            w
              .int32(partition)
              .compactArray(brokers, (broker) => w.int32(broker))
              .noTags(),
          )
          .compactArray(Object.entries(configs), ([key, value]) =>
            w.compactString(key).compactString(value).noTags(),
          )
          .noTags(),
      )
      .int32(timeoutMs)
      .boolean(validateOnly)
      .noTags(),
  decode: (r) => ({
    throttleMs: r.int32(),
    topics: r.compactArray(() => {
      const head = {
        topic: r.compactString(),
        errorCode: r.int16(),
        message: r.compactNullableString(),
      };
      r.int32();
      r.int16();
      const entries = r.compactArray(() => {
        const entry = {
          name: r.compactString(),
          value: r.compactNullableString(),
          isReadOnly: r.boolean(),
          source: r.int8(),
          isSensitive: r.boolean(),
        };
        r.tags();
        return entry;
      });
      r.tags();
      return { ...head, entries };
    }),
  }),
};
