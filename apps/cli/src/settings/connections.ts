import type { Logger } from '@kops/core';
import { connectKafka, type KafkaClient } from '@kops/kafka';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { openArchive, openRepository, type Archive, type Repository } from '@kops/repository';
import type { Config } from '@kops/service';
import { kafkaOptions, repositoryUrls } from './connection-settings.ts';

/** Connects to the configured cluster. */
export async function openKafka(config: Config, logger: Logger): Promise<KafkaClient> {
  return connectKafka({ ...(await kafkaOptions(config)), logger });
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

/** What an event says of a command's archive. */
export function aboutArchive({ ref, repository }: Archive): {
  readonly archive: string;
  readonly cluster: string;
  readonly repository: string;
} {
  return { archive: ref.archive, cluster: ref.cluster, repository: repository.info.id };
}
