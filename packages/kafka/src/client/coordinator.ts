import { KopsError, type Coordinates } from '@kops/core';
import { findCoordinatorV2 } from '../apis/find-coordinator-v2.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { kafkaCode } from '../error-codes.ts';
import type { BrokerLink } from '../network/broker-link.ts';
import { protocolError } from './protocol-error.ts';

/** Whom a coordinator is asked for. */
export interface Coordinated {
  readonly type: 'group' | 'transaction';
  readonly key: string;
}

async function findCoordinator(cluster: Cluster, { type, key }: Coordinated): Promise<BrokerLink> {
  const at: Coordinates = type === 'group' ? { group: key } : {};
  const { response } = await cluster.anyBroker((connection) =>
    connection.send(findCoordinatorV2, { type, key }),
  );
  if (response.errorCode !== kafkaCode.none) {
    const context = {
      at,
      message: response.message,
      ...(type === 'transaction' ? { transactionalId: key } : {}),
    };
    throw protocolError(findCoordinatorV2, response.errorCode, context);
  }
  try {
    return await cluster.broker(response.brokerId);
  } catch (error) {
    throw KopsError.locate(error, at);
  }
}

/** Runs `work` with the coordinator of a group or transactional id, found anew for each try. */
export async function withCoordinator<T>(
  cluster: Cluster,
  whom: Coordinated,
  work: (link: BrokerLink, attempt: number) => Promise<T>,
  deadlineMs?: number,
): Promise<T> {
  const once = async (attempt: number): Promise<T> =>
    work(await findCoordinator(cluster, whom), attempt);
  return cluster.attempt(once, undefined, deadlineMs);
}
