import { KopsError } from '@kops/core';
import type { KafkaOptions } from '@kops/kafka';
import type { Config } from '@kops/service';
import { kafkaOptions } from './connection-settings.ts';

/**
 * The cluster that is written to. It must be named on the command line: what a configuration calls the cluster is the one that is backed up.
 * TLS and SASL come from the configuration.
 * @throws KOPS_USAGE without the flag
 */
export async function targetCluster(
  config: Config,
  bootstrapServer: string | undefined,
): Promise<KafkaOptions> {
  if (bootstrapServer === undefined) {
    throw new KopsError('KOPS_USAGE', '--bootstrap-server is missing', {
      hint: 'Use --bootstrap-server HOST:PORT for the target cluster; kops never reads it from the configuration.',
    });
  }
  return kafkaOptions(config);
}
