import { consumerGroupDescribeV0 } from '../apis/consumer-group-describe-v0.ts';
import { describeGroupsV4, type DescribedGroup } from '../apis/describe-groups-v4.ts';
import type { ListedGroup } from '../apis/list-groups.ts';
import { listGroupsV2 } from '../apis/list-groups-v2.ts';
import { listGroupsV5 } from '../apis/list-groups-v5.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { send } from '../cluster/send.ts';
import { kafkaCode } from '../error-codes.ts';
import type { BrokerConnection } from '../network/broker-connection.ts';
import type { GroupDescription } from '../port.ts';
import { supports } from '../wire/api.ts';
import { protocolError } from './protocol-error.ts';

/** So that one answer stays small even with many members. */
const groupsPerRequest = 100;

/** Share groups keep no committed offsets of the kind that is backed up (KIP-932). */
const shareType = 'share';

async function listOn(connection: BrokerConnection): Promise<readonly ListedGroup[]> {
  const api = supports(connection.versions, listGroupsV5) ? listGroupsV5 : listGroupsV2;
  const { response } = await send(connection, api, undefined, {});
  if (response.errorCode !== kafkaCode.none) throw protocolError(api, response.errorCode);
  return response.groups.filter(({ type }) => type?.toLowerCase() !== shareType);
}

async function describeOn(
  connection: BrokerConnection,
  api: typeof describeGroupsV4,
  groups: readonly string[],
): Promise<DescribedGroup[]> {
  const found: DescribedGroup[] = [];
  for (let at = 0; at < groups.length; at += groupsPerRequest) {
    const page = groups.slice(at, at + groupsPerRequest);
    const { response } = await send(connection, api, { groups: page }, {});
    for (const described of response.groups) {
      // Deleted since it was listed.
      if (described.errorCode === kafkaCode.groupIdNotFound) continue;
      if (described.errorCode !== kafkaCode.none) {
        throw protocolError(api, described.errorCode, { at: { group: described.group } });
      }
      found.push(described);
    }
  }
  return found;
}

/** Groups that this broker coordinates, each described by the request for its kind. */
async function groupsOn(connection: BrokerConnection): Promise<GroupDescription[]> {
  const listed = await listOn(connection);
  const byType = Map.groupBy(listed, ({ type }) => type?.toLowerCase() ?? 'classic');
  const names = (type: string): string[] => (byType.get(type) ?? []).map(({ group }) => group);
  const described = [
    ...(await describeOn(connection, describeGroupsV4, names('classic'))),
    ...(await describeOn(connection, consumerGroupDescribeV0, names('consumer'))),
  ].map(({ group, state, protocolType, members }) => ({ group, state, protocolType, members }));
  const known = new Set(['classic', 'consumer']);
  const others = listed
    .filter(({ type }) => type !== undefined && !known.has(type.toLowerCase()))
    // -1: of kinds newer than this client only what the list says is known.
    .map(({ group, protocolType, state = 'Unknown' }) => ({
      group,
      protocolType,
      state,
      members: state === 'Empty' ? 0 : -1,
    }));
  return [...described, ...others];
}

/** See {@link import('../port.ts').KafkaClient.listGroups}. */
export async function listGroups(cluster: Cluster): Promise<GroupDescription[]> {
  return cluster.attempt(async () => {
    const { view } = await cluster.refresh([]);
    const all = new Map<string, GroupDescription>();
    for (const { id } of view.brokers) {
      const connection = await (await cluster.broker(id)).control();
      for (const group of await groupsOn(connection)) all.set(group.group, group);
    }
    return [...all.values()].sort((a, b) => (a.group < b.group ? -1 : 1));
  });
}
