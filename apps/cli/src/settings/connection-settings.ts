import { KopsError } from '@kops/core';
import type { KafkaOptions } from '@kops/kafka';
import { parseRepositoryUrl } from '@kops/object-store';
import { connectionOf, type Config } from '@kops/service';

/** Options of the configured cluster. @throws KOPS_USAGE without one */
export async function kafkaOptions(config: Config): Promise<KafkaOptions> {
  if (config.cluster === undefined) {
    throw new KopsError('KOPS_USAGE', '--bootstrap-server is missing', {
      hint: 'Use --bootstrap-server HOST:PORT, or set cluster.bootstrapServers in the configuration.',
    });
  }
  return connectionOf(config.cluster);
}

/** The configured repositories, in their normal form. @throws KOPS_USAGE without one */
export function repositoryUrls(config: Config): string[] {
  const { repository = [] } = config;
  if (repository.length === 0) {
    throw new KopsError('KOPS_USAGE', '--repository is missing', {
      hint: 'Use --repository DIRECTORY, or set repository in the configuration.',
    });
  }
  return repository.map((text) => parseRepositoryUrl(text).url);
}
