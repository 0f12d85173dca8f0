import type { Catalog } from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import { KopsError, throwIfAborted } from '@kops/core';
import type { Archive } from '@kops/repository';
import { ChosenRecords, type RecordPlace, type RestoreOptions } from '@kops/restore';
import type { Config } from '@kops/service';
import { requiredCatalog } from '../catalog/catalog-settings.ts';
import { searchFilter, type SearchRequest } from '../search/search-filter.ts';
import { restoreOptions, type RestoreFlags } from './restore-options.ts';

/** What a restore from a search is asked for. */
export interface FoundFlags extends RestoreFlags {
  readonly query: string;
  readonly into?: string | undefined;
}

const pageSize = 5_000;

/**
 * Searches the catalog for records that an archive shows, and makes them the choice of a restore.
 * @throws KOPS_RECORDS_NOT_FOUND; KOPS_USAGE when `into` is one topic for records of several, or more are found than may be chosen
 */
export async function chooseFound(
  config: Config,
  flags: FoundFlags,
  archive: Archive,
  signal: AbortSignal,
): Promise<RestoreOptions> {
  const { elasticsearch } = requiredCatalog(config);
  await using catalog = await connectElasticsearch(elasticsearch, { signal });
  const { query, topics, from, to, into } = flags;
  const records = await ChosenRecords.from(
    findAll(catalog, { query, topics, from, to }, archive, signal),
  );
  const found = records.topics;
  const [only, ...others] = found;
  if (only === undefined) {
    throw new KopsError('KOPS_RECORDS_NOT_FOUND', 'the search finds no records of the archive', {
      at: { archive: archive.ref.archive },
      hint: "Try the query with 'kops search', and run 'kops catalog status' to see whether the archive is indexed.",
    });
  }
  if (into !== undefined && others.length > 0) {
    throw new KopsError(
      'KOPS_USAGE',
      `--into needs records of one topic, the search finds records of ${String(found.length)}: ${found.slice(0, 5).join(', ')}`,
      { hint: 'Select one of them with --topics, or rename each with --rename.' },
    );
  }
  return {
    // The window has done its work: it is part of the search.
    ...restoreOptions({
      ...flags,
      topics: found,
      from: undefined,
      to: undefined,
      groups: ['none'],
    }),
    ...(into === undefined ? {} : { renames: { [only]: into } }),
    records,
  };
}

/** Page by page, in one view of the index. */
async function* findAll(
  catalog: Catalog,
  request: SearchRequest,
  archive: Archive,
  signal: AbortSignal,
): AsyncGenerator<RecordPlace> {
  const filter = searchFilter(request, archive);
  let after: string | undefined;
  do {
    throwIfAborted(signal);
    const page = await catalog.search({
      ...filter,
      order: 'oldest',
      size: pageSize,
      signal,
      ...(after === undefined ? {} : { after }),
    });
    for (const { topic, partition, offset } of page.hits) yield { topic, partition, offset };
    after = page.next;
  } while (after !== undefined);
}
