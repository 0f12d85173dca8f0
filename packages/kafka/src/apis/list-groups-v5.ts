import type { Api } from '../wire/api.ts';
import type { ListGroupsResponse } from './list-groups.ts';

/*
 * ListGroups Request (v5) => states_filter: [COMPACT_STRING], types_filter: [COMPACT_STRING], TAG_BUFFER      empty: all
 * ListGroups Response (v5) => throttle_time_ms: INT32, error_code: INT16, groups: [group], TAG_BUFFER
 *   group => group_id: COMPACT_STRING, protocol_type: COMPACT_STRING, group_state: COMPACT_STRING, group_type: COMPACT_STRING, TAG_BUFFER
 *
 * The first version that tells groups of the new protocol (KIP-848) from classic ones.
 */
export const listGroupsV5: Api<undefined, ListGroupsResponse> = {
  key: 16,
  name: 'ListGroups',
  version: 5,
  isFlexible: true,
  rights: { cluster: 'DESCRIBE', group: 'DESCRIBE' },
  encode: (_request, w) =>
    w
      .compactArray([], () => undefined)
      .compactArray([], () => undefined)
      .noTags(),
  decode: (r) => ({
    throttleMs: r.int32(),
    errorCode: r.int16(),
    groups: r.compactArray(() => {
      const group = {
        group: r.compactString(),
        protocolType: r.compactString(),
        state: r.compactString(),
        type: r.compactString(),
      };
      r.tags();
      return group;
    }),
  }),
};
