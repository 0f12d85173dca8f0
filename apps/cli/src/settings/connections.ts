import { KopsError, type Logger } from '@kops/core';
import { connectKafka, type KafkaClient, type KafkaOptions } from '@kops/kafka';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { openArchive, openRepository, type Archive, type Repository } from '@kops/repository';
import { connectionOf, type Config } from '@kops/service';

/** Options of the configured cluster. @throws KOPS_USAGE without one */
export async function kafkaOptions(config: Config): Promise<KafkaOptions> {
  if (config.cluster === undefined) {
    throw new KopsError('KOPS_USAGE', '--bootstrap-server is missing', {
      hint: 'Give --bootstrap-server HOST:PORT, or set cluster.bootstrapServers in the configuration.',
    });
  }
  return connectionOf(config.cluster);
}

/** Connects to the configured cluster. */
export async function openKafka(config: Config, logger: Logger): Promise<KafkaClient> {
  return connectKafka({ ...(await kafkaOptions(config)), logger });
}

/** The configured repositories, in their normal form. @throws KOPS_USAGE without one */
export function repositoryUrls(config: Config): string[] {
  const { repository = [] } = config;
  if (repository.length === 0) {
    throw new KopsError('KOPS_USAGE', '--repository is missing', {
      hint: 'Give --repository DIRECTORY, or set repository in the configuration.',
    });
  }
  return repository.map((text) => parseRepositoryUrl(text).url);
}

/** Opens the (first) configured repository for reading. @throws KOPS_REPOSITORY_NOT_FOUND */
export async function openConfiguredRepository(config: Config): Promise<Repository> {
  const [url = ''] = repositoryUrls(config);
  return openRepository(await openFileStore(parseRepositoryUrl(url).directory));
}

/** Opens an archive of the (first) configured repository for reading. @throws KOPS_REPOSITORY_NOT_FOUND, KOPS_ARCHIVE_NOT_FOUND, KOPS_MANIFEST_INVALID */
export async function openConfiguredArchive(
  config: Config,
  wanted: { readonly archive: string; readonly cluster?: string | undefined },
): Promise<Archive> {
  const repository = await openConfiguredRepository(config);
  return openArchive(
    repository,
    wanted.archive,
    wanted.cluster === undefined ? {} : { cluster: wanted.cluster },
  );
}
