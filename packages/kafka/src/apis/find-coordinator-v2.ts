import type { Api } from '../wire/api.ts';

/** Whose coordinator is looked for. */
export interface FindCoordinatorRequest {
  readonly key: string;
  readonly type: 'group' | 'transaction';
}

/** The broker that coordinates. */
export interface FindCoordinatorResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly message: string | null;
  readonly brokerId: number;
}

/*
 * FindCoordinator Request (v2) => key: STRING, key_type: INT8 (0 group, 1 transaction)
 * FindCoordinator Response (v2) => throttle_time_ms: INT32, error_code: INT16, error_message: NULLABLE_STRING,
 *   node_id: INT32, host: STRING, port: INT32
 */
export const findCoordinatorV2: Api<FindCoordinatorRequest, FindCoordinatorResponse> = {
  key: 10,
  name: 'FindCoordinator',
  version: 2,
  isFlexible: false,
  rights: { group: 'DESCRIBE', 'transactional id': 'DESCRIBE' },
  encode: ({ key, type }, w) => w.string(key).int8(type === 'group' ? 0 : 1),
  decode: (r) => ({
    throttleMs: r.int32(),
    errorCode: r.int16(),
    message: r.nullableString(),
    brokerId: r.int32(),
  }),
};
