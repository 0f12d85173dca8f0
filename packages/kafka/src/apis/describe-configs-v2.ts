import type { Api } from '../wire/api.ts';

/** Topics whose configs are asked for. */
export interface DescribeConfigsRequest {
  readonly topics: readonly string[];
}

/** All configs of one topic. */
export interface TopicConfigs {
  readonly errorCode: number;
  readonly message: string | null;
  readonly topic: string;
  readonly entries: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly isReadOnly: boolean;
    /** Kafka's number of the place the value comes from. */
    readonly source: number;
    readonly isSensitive: boolean;
  }[];
}

/** Configs per topic. */
export interface DescribeConfigsResponse {
  readonly throttleMs: number;
  readonly results: readonly TopicConfigs[];
}

/** Kafka's number for a resource that is a topic. */
export const topicResource = 2;

/*
 * DescribeConfigs Request (v2) => resources: [type: INT8 (2 topic), name: STRING, configuration_keys: [STRING]], include_synonyms: BOOLEAN
 *   configuration_keys => null: all
 * DescribeConfigs Response (v2) => throttle_time_ms: INT32, results: [result]
 *   result => error_code: INT16, error_message: NULLABLE_STRING, resource_type: INT8, resource_name: STRING, configs: [config]
 *   config => name: STRING, value: NULLABLE_STRING, read_only: BOOLEAN, config_source: INT8, is_sensitive: BOOLEAN,
 *     synonyms: [name: STRING, value: NULLABLE_STRING, source: INT8]
 */
export const describeConfigsV2: Api<DescribeConfigsRequest, DescribeConfigsResponse> = {
  key: 32,
  name: 'DescribeConfigs',
  version: 2,
  isFlexible: false,
  rights: { topic: 'DESCRIBE_CONFIGS' },
  encode: ({ topics }, w) =>
    w
      .array(topics, (topic) =>
        w
          .int8(topicResource)
          .string(topic)
          .array(null, () => undefined),
      )
      .boolean(false),
  decode: (r) => ({
    throttleMs: r.int32(),
    results: r.array(() => {
      const head = { errorCode: r.int16(), message: r.nullableString() };
      r.int8();
      return {
        ...head,
        topic: r.string(),
        entries: r.array(() => {
          const entry = {
            name: r.string(),
            value: r.nullableString(),
            isReadOnly: r.boolean(),
            source: r.int8(),
            isSensitive: r.boolean(),
          };
          r.array(() => [r.string(), r.nullableString(), r.int8()]);
          return entry;
        }),
      };
    }),
  }),
};
