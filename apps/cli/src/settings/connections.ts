import type { Logger } from '@kops/core';
import { connectKafka, type KafkaClient } from '@kops/kafka';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { openArchive, openRepository, type Archive, type Repository } from '@kops/repository';
import type { Config } from '@kops/service';
import { writeNotice } from '../output/notice.ts';
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

/** The archive that flags name, and the topics that it is wanted for: `latest` is the newest that covers them. */
export interface WantedArchive {
  readonly archive: string;
  readonly cluster?: string | undefined;
  readonly topic?: string | readonly string[] | undefined;
  readonly topics?: readonly string[] | undefined;
}

/** Opens an archive of the (first) configured repository for reading. @throws KOPS_REPOSITORY_NOT_FOUND, KOPS_ARCHIVE_NOT_FOUND, KOPS_MANIFEST_INVALID */
export async function openConfiguredArchive(
  config: Config,
  { archive, cluster, topic, topics }: WantedArchive,
): Promise<Archive> {
  const repository = await openConfiguredRepository(config);
  return openArchive(repository, archive, {
    ...(cluster === undefined ? {} : { cluster }),
    topics: [topics ?? topic ?? []].flat(),
    onNotice: writeNotice,
  });
}

/** What an event says of a command's archive. */
export function aboutArchive({ ref, repository }: Archive): {
  readonly archive: string;
  readonly cluster: string;
  readonly repository: string;
} {
  return { archive: ref.archive, cluster: ref.cluster, repository: repository.info.id };
}
