import type { Api } from '../wire/api.ts';
import type { Reader } from '../wire/reader.ts';
import type {
  DescribedGroup,
  DescribeGroupsRequest,
  DescribeGroupsResponse,
} from './describe-groups-v4.ts';

/* assignment => topic_partitions: [topic_id: UUID, topic_name: COMPACT_STRING, partitions: [INT32], TAG_BUFFER], TAG_BUFFER */
const skipAssignment = (r: Reader): void => {
  r.compactArray(() => {
    r.uuid();
    r.compactString();
    r.compactArray(() => r.int32());
    r.tags();
  });
  r.tags();
};

/*
 * member => member_id: COMPACT_STRING, instance_id: COMPACT_NULLABLE_STRING, rack_id: COMPACT_NULLABLE_STRING, member_epoch: INT32,
 *   client_id: COMPACT_STRING, client_host: COMPACT_STRING, subscribed_topic_names: [COMPACT_STRING],
 *   subscribed_topic_regex: COMPACT_NULLABLE_STRING, assignment: assignment, target_assignment: assignment, TAG_BUFFER
 */
const skipMember = (r: Reader): void => {
  r.compactString();
  r.compactNullableString();
  r.compactNullableString();
  r.int32();
  r.compactString();
  r.compactString();
  r.compactArray(() => r.compactString());
  r.compactNullableString();
  skipAssignment(r);
  skipAssignment(r);
  r.tags();
};

/*
 * group => error_code: INT16, error_message: COMPACT_NULLABLE_STRING, group_id: COMPACT_STRING, group_state: COMPACT_STRING,
 *   group_epoch: INT32, assignment_epoch: INT32, assignor_name: COMPACT_STRING, members: [member], authorized_operations: INT32, TAG_BUFFER
 */
const decodeGroup = (r: Reader): DescribedGroup => {
  const errorCode = r.int16();
  r.compactNullableString();
  const head = {
    errorCode,
    group: r.compactString(),
    state: r.compactString(),
    protocolType: 'consumer',
  };
  r.int32();
  r.int32();
  r.compactString();
  const members = r.compactArray(skipMember).length;
  r.int32();
  r.tags();
  return { ...head, members };
};

/*
 * ConsumerGroupDescribe Request (v0) => group_ids: [COMPACT_STRING], include_authorized_operations: BOOLEAN, TAG_BUFFER
 * ConsumerGroupDescribe Response (v0) => throttle_time_ms: INT32, groups: [group], TAG_BUFFER
 *
 * For groups of the new protocol (KIP-848): DescribeGroups calls them dead.
 */
export const consumerGroupDescribeV0: Api<DescribeGroupsRequest, DescribeGroupsResponse> = {
  key: 69,
  name: 'ConsumerGroupDescribe',
  version: 0,
  isFlexible: true,
  rights: { group: 'DESCRIBE' },
  encode: ({ groups }, w) =>
    w
      .compactArray(groups, (group) => w.compactString(group))
      .boolean(false)
      .noTags(),
  decode: (r) => ({ throttleMs: r.int32(), groups: r.compactArray(decodeGroup) }),
};
