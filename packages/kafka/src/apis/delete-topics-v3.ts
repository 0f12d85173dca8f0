import type { Api } from '../wire/api.ts';

/** Topics to delete. */
export interface DeleteTopicsRequest {
  readonly topics: readonly string[];
  readonly timeoutMs: number;
}

/** What became of each topic. */
export interface DeleteTopicsResponse {
  readonly throttleMs: number;
  readonly topics: readonly { readonly topic: string; readonly errorCode: number }[];
}

/*
 * DeleteTopics Request (v3) => topic_names: [STRING], timeout_ms: INT32
 * DeleteTopics Response (v3) => throttle_time_ms: INT32, responses: [name: STRING, error_code: INT16]
 */
export const deleteTopicsV3: Api<DeleteTopicsRequest, DeleteTopicsResponse> = {
  key: 20,
  name: 'DeleteTopics',
  version: 3,
  isFlexible: false,
  rights: { topic: 'DELETE' },
  encode: ({ topics, timeoutMs }, w) => w.array(topics, (name) => w.string(name)).int32(timeoutMs),
  decode: (r) => ({
    throttleMs: r.int32(),
    topics: r.array(() => ({ topic: r.string(), errorCode: r.int16() })),
  }),
};
