import type { Api } from '../wire/api.ts';
import { topicResource } from './describe-configs-v2.ts';

/** Changes to one topic's configs: a string sets, null removes. */
export interface IncrementalAlterConfigsRequest {
  readonly topic: string;
  readonly configs: readonly (readonly [name: string, value: string | null])[];
  /** Changes nothing. Default false. */
  readonly validateOnly?: boolean;
}

/** What became of the changes. */
export interface IncrementalAlterConfigsResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly message: string | null;
}

const setOperation = 0;
const deleteOperation = 1;

/*
 * IncrementalAlterConfigs Request (v0) => resources: [type: INT8 (2 topic), name: STRING, configs: [config]], validate_only: BOOLEAN
 *   config => name: STRING, operation: INT8 (0 set, 1 delete), value: NULLABLE_STRING
 * IncrementalAlterConfigs Response (v0) => throttle_time_ms: INT32, responses: [response]
 *   response => error_code: INT16, error_message: NULLABLE_STRING, resource_type: INT8, resource_name: STRING
 */
export const incrementalAlterConfigsV0: Api<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse
> = {
  key: 44,
  name: 'IncrementalAlterConfigs',
  version: 0,
  isFlexible: false,
  rights: { topic: 'ALTER_CONFIGS' },
  encode: ({ topic, configs, validateOnly = false }, w) =>
    w
      .array([topic], () =>
        w
          .int8(topicResource)
          .string(topic)
          .array(configs, ([name, value]) =>
            w
              .string(name)
              .int8(value === null ? deleteOperation : setOperation)
              .string(value),
          ),
      )
      .boolean(validateOnly),
  decode: (r) => {
    const throttleMs = r.int32();
    const responses = r.array(() => {
      const head = { errorCode: r.int16(), message: r.nullableString() };
      r.int8();
      r.string();
      return head;
    });
    return {
      throttleMs,
      ...(responses[0] ?? { errorCode: -1, message: 'the response contains no topic' }),
    };
  },
};
