import { randomUUID } from 'node:crypto';
import { KopsError, type Logger } from '@kops/core';
import { runAgent } from '@kops/capture';
import { connectKafka, type KafkaOptions } from '@kops/kafka';
import { connectCapture, type Endpoint } from '@kops/transport';

/** What an agent process is told. */
export interface AgentSettings {
  readonly archiver: Endpoint;
  /** Clusters by the names that the archiver uses. */
  readonly clusters: Readonly<Record<string, KafkaOptions>>;
  readonly host: string;
  readonly rack: string;
  /** Ids of the brokers on this host. */
  readonly brokerIds: readonly number[];
  readonly version: string;
}

/** Memory kept for fetched data between fetches: what the engine's own budget lets be under way. */
const fetchBufferBytes = 8 * 1024 * 1024;
/** More connections to one broker brought nothing more. */
const maxFetchConnections = 2;

/**
 * Runs an agent until the signal is aborted.
 * @throws KOPS_ACCESS_DENIED when the archiver refuses its secret
 */
export async function runAgentApp(
  settings: AgentSettings,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  await using capture = connectCapture(settings.archiver);
  await runAgent({
    agentId: randomUUID(),
    host: settings.host,
    rack: settings.rack,
    brokerIds: settings.brokerIds,
    version: settings.version,
    capture,
    connect: async (cluster, onThrottled) => {
      const options = settings.clusters[cluster];
      if (options === undefined) {
        throw new KopsError(
          'KOPS_CONFIG',
          `this agent has no cluster '${cluster}' in its configuration`,
          {
            hint: `Add clusters.${cluster} to the agent's configuration. Use the same name as the archiver.`,
          },
        );
      }
      return connectKafka({
        ...options,
        fetchBufferBytes,
        maxFetchConnections,
        onThrottled,
        logger,
      });
    },
    logger,
    signal,
  });
}
