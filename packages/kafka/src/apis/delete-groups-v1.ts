import type { Api } from '../wire/api.ts';

/** Groups to delete, all of one coordinator. */
export interface DeleteGroupsRequest {
  readonly groups: readonly string[];
}

/** What became of each group. */
export interface DeleteGroupsResponse {
  readonly throttleMs: number;
  readonly results: readonly { readonly group: string; readonly errorCode: number }[];
}

/*
 * DeleteGroups Request (v1) => groups_names: [STRING]
 * DeleteGroups Response (v1) => throttle_time_ms: INT32, results: [group_id: STRING, error_code: INT16]
 */
export const deleteGroupsV1: Api<DeleteGroupsRequest, DeleteGroupsResponse> = {
  key: 42,
  name: 'DeleteGroups',
  version: 1,
  isFlexible: false,
  rights: { group: 'DELETE' },
  encode: ({ groups }, w) => w.array(groups, (group) => w.string(group)),
  decode: (r) => ({
    throttleMs: r.int32(),
    results: r.array(() => ({ group: r.string(), errorCode: r.int16() })),
  }),
};
