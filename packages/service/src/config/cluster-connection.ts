import type { ClusterConfig } from './schema.ts';
import { loadTls, type TlsMaterial } from './tls-files.ts';

/** How to reach a cluster, with the TLS files read; the shape of the options of a Kafka client. */
export interface ClusterConnection {
  readonly bootstrapServers: readonly string[];
  readonly clientId?: string;
  readonly tls: boolean | TlsMaterial;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

/**
 * Makes of a configured cluster what a client needs.
 * @throws KOPS_CONFIG when a TLS file cannot be read.
 */
export async function connectionOf(cluster: ClusterConfig): Promise<ClusterConnection> {
  return {
    bootstrapServers: cluster.bootstrapServers,
    tls: await loadTls(cluster.tls),
    ...(cluster.clientId === undefined ? {} : { clientId: cluster.clientId }),
    ...(cluster.sasl === undefined ? {} : { sasl: cluster.sasl }),
  };
}
