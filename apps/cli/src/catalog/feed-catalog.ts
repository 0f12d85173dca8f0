import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import { errorToJson, KopsError, retry, toKopsError, type Logger } from '@kops/core';
import { openIndexer, type BackupBytes, type IndexReport, type IndexProgress } from '@kops/indexer';
import type { ConfiguredCatalog } from './catalog-settings.ts';

/** What became of the catalog after a backup: a report, or why there is none. */
export type FeedOutcome =
  | { readonly report: IndexReport; readonly error?: never }
  | { readonly report?: never; readonly error: KopsError };

/** What is needed to feed it. */
export interface FeedOptions {
  readonly repositoryUrl: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly onProgress: (progress: IndexProgress) => void;
}

/** The backup is made; nobody wants to wait long for an Elasticsearch that is away. */
const deadlineMs = 10_000;

/** Brings the catalog up to the commit log. Never fails: the backup stands, and a later call goes on where this one ended. */
export async function feedCatalog(
  catalog: ConfiguredCatalog,
  { onProgress, ...options }: FeedOptions,
): Promise<FeedOutcome> {
  try {
    await using indexer = await openIndexer({ ...catalog, ...options, deadlineMs });
    const report = await indexer.catchUp({ signal: options.signal, onProgress });
    await showNow(catalog, report, options.signal);
    return { report };
  } catch (thrown) {
    return { error: toKopsError(thrown) };
  }
}

/**
 * Lets searches see what was written: else the next command would not find it for some seconds. A server that is overloaded by what
 * it just took is given some time.
 * @throws KOPS_ELASTICSEARCH_UNREACHABLE when that is not enough, and the other errors of `Catalog.refresh`
 */
export async function showNow(
  { elasticsearch }: Pick<ConfiguredCatalog, 'elasticsearch'>,
  { created, updated }: Pick<IndexReport, 'created' | 'updated'>,
  signal: AbortSignal,
): Promise<void> {
  if (created + updated === 0) return;
  await retry(
    { initialDelayMs: 250, maxDelayMs: 2000, deadlineMs },
    async () => {
      await using catalog = await connectElasticsearch(elasticsearch, { signal });
      await catalog.refresh({ signal });
    },
    { signal },
  );
}

/** Feeds the catalog beside a backup that goes on, until the signal is aborted. What ends it early is told once. */
export async function feedBeside(
  catalog: ConfiguredCatalog,
  {
    signal,
    onFailure,
    ...options
  }: Omit<FeedOptions, 'onProgress'> & {
    readonly backupBytes: BackupBytes;
    readonly onFailure: (error: KopsError) => void;
  },
): Promise<void> {
  try {
    await using indexer = await openIndexer({ ...catalog, ...options });
    await indexer.run({ signal });
  } catch (thrown) {
    const error = toKopsError(thrown);
    if (!KopsError.is(error, 'KOPS_INTERRUPTED')) onFailure(error);
  }
}

/** The catalog's part of a command's JSON result. */
export function feedToJson({ report, error }: FeedOutcome): Record<string, unknown> {
  return error === undefined ? { report } : { error: errorToJson(error) };
}
