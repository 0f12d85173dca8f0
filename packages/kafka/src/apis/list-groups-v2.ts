import type { Api } from '../wire/api.ts';
import type { ListGroupsResponse } from './list-groups.ts';

/*
 * ListGroups Request (v2) =>
 * ListGroups Response (v2) => throttle_time_ms: INT32, error_code: INT16, groups: [group_id: STRING, protocol_type: STRING]
 */
export const listGroupsV2: Api<undefined, ListGroupsResponse> = {
  key: 16,
  name: 'ListGroups',
  version: 2,
  isFlexible: false,
  rights: { cluster: 'DESCRIBE', group: 'DESCRIBE' },
  encode: () => undefined,
  decode: (r) => ({
    throttleMs: r.int32(),
    errorCode: r.int16(),
    groups: r.array(() => ({ group: r.string(), protocolType: r.string() })),
  }),
};
