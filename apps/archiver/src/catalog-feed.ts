import type { RecordRule } from '@kops/catalog';
import type { ElasticsearchSettings } from '@kops/catalog/elasticsearch';
import { systemClock, toKopsError, type Clock, type Logger } from '@kops/core';
import { openIndexer, type BackupBytes, type Indexer, type IndexerSettings } from '@kops/indexer';

/** The catalog that an archiver feeds. */
export interface CatalogSettings extends Omit<IndexerSettings, 'repositoryUrl'> {
  readonly elasticsearch: ElasticsearchSettings;
  readonly records: readonly RecordRule[];
  /** Local folder for positions and dead letters. */
  readonly stateDirectory: string;
}

/** What a feed needs besides. */
export interface FeedOptions {
  /** URLs of repositories by name. */
  readonly repositories: Readonly<Record<string, string>>;
  /** Backups go first: see {@link import('@kops/indexer').IndexerOptions.backupBytes}. */
  readonly backupBytes: BackupBytes;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** After a failure that does not pass by itself, in ms: a right may be given, the other owner of the state may end. */
const pauseMs = 60_000;
/** Between two looks for a repository that the first backup will make, in ms. */
const absentMs = 5_000;

/**
 * Feeds the catalog from the archives of all repositories until the signal is aborted, then resolves. Backups know nothing of it: what fails
 * here is logged, and tried again a minute later from where it stood.
 */
export async function feedCatalog(settings: CatalogSettings, options: FeedOptions): Promise<void> {
  await Promise.all(
    Object.entries(options.repositories).map(([name, url]) =>
      feedFrom(name, { ...settings, repositoryUrl: url }, options),
    ),
  );
}

async function feedFrom(
  name: string,
  settings: CatalogSettings & IndexerSettings,
  { backupBytes, signal, logger, clock = systemClock }: FeedOptions,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await using indexer: Indexer = await openIndexer({ ...settings, backupBytes, logger });
      await indexer.run({ signal });
    } catch (thrown) {
      const error = toKopsError(thrown);
      const isAbsent = error.code === 'KOPS_REPOSITORY_NOT_FOUND';
      if (!isAbsent)
        logger.error('the catalog is not updated; backups continue', {
          repository: name,
          code: error.code,
          reason: error.message,
          ...(error.hint === undefined ? {} : { hint: error.hint }),
        });
      await clock.sleep(isAbsent ? absentMs : pauseMs, signal).catch(() => undefined);
    }
  }
}
