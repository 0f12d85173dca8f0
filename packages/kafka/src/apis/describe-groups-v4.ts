import type { Api } from '../wire/api.ts';
import type { Reader } from '../wire/reader.ts';

/** Groups to describe. */
export interface DescribeGroupsRequest {
  readonly groups: readonly string[];
}

/** A group as its coordinator sees it. */
export interface DescribedGroup {
  readonly errorCode: number;
  readonly group: string;
  readonly state: string;
  readonly protocolType: string;
  readonly members: number;
}

/** Groups as their coordinator sees them. */
export interface DescribeGroupsResponse {
  readonly throttleMs: number;
  readonly groups: readonly DescribedGroup[];
}

/*
 * member => member_id: STRING, group_instance_id: NULLABLE_STRING, client_id: STRING, client_host: STRING,
 *   member_metadata: BYTES, member_assignment: BYTES
 */
const skipMember = (r: Reader): void => {
  r.string();
  r.nullableString();
  r.string();
  r.string();
  r.bytes();
  r.bytes();
};

/*
 * DescribeGroups Request (v4) => groups: [STRING], include_authorized_operations: BOOLEAN
 * DescribeGroups Response (v4) => throttle_time_ms: INT32, groups: [group]
 *   group => error_code: INT16, group_id: STRING, group_state: STRING, protocol_type: STRING, protocol_data: STRING,
 *     members: [member], authorized_operations: INT32
 */
export const describeGroupsV4: Api<DescribeGroupsRequest, DescribeGroupsResponse> = {
  key: 15,
  name: 'DescribeGroups',
  version: 4,
  isFlexible: false,
  rights: { group: 'DESCRIBE' },
  encode: ({ groups }, w) => w.array(groups, (group) => w.string(group)).boolean(false),
  decode: (r) => ({
    throttleMs: r.int32(),
    groups: r.array(() => {
      const head = {
        errorCode: r.int16(),
        group: r.string(),
        state: r.string(),
        protocolType: r.string(),
      };
      r.string();
      const members = r.array(skipMember).length;
      r.int32();
      return { ...head, members };
    }),
  }),
};
