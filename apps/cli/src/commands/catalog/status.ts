import { join } from 'node:path';
import type { CatalogStatus } from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import { firstFailure, KopsError } from '@kops/core';
import { readIndexerStatus, type IndexerStatus } from '@kops/indexer';
import { compareCounts, type TopicCount } from '../../catalog/compare-counts.ts';
import { requiredCatalog } from '../../catalog/catalog-settings.ts';
import { KopsCommand, type FlagsOf } from '../../kops-command.ts';
import {
  isUpToDate,
  renderCatalogStatus,
  renderIndexerStatus,
} from '../../render/catalog-status.ts';
import { commonSettings } from '../../settings/common-settings.ts';
import { repositoryUrls } from '../../settings/connection-settings.ts';
import { openConfiguredRepository } from '../../settings/connections.ts';
import { elasticsearch, repository } from '../../settings/flags.ts';

/** What `kops catalog status` tells. */
export interface CatalogStatusResult {
  readonly server: CatalogStatus;
  readonly indexer: Omit<IndexerStatus, 'activity'>;
  /** Records of topics whose policy is not `none`: as the newest archive shows them, and as they are indexed. */
  readonly topics: readonly TopicCount[];
}

export default class Status extends KopsCommand<typeof Status, CatalogStatusResult> {
  static override summary = 'Compare the catalog with the archives: documents, lag, dead letters.';
  static override description =
    'Counts the records of the newest archive of each cluster and how many of them are indexed. With a schema registry, also counts how values were decoded. An archiver with a catalog, the next backup or kops catalog rebuild indexes what is missing.\n\n' +
    'Exit codes: 0 everything is indexed, 2 usage, 10 repository not found, 21 records are missing, rejected, damaged or masked by other rules, 30 Elasticsearch unreachable, 31 denied.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --elasticsearch http://localhost:9200',
  ];
  static override flags = { repository, elasticsearch };

  protected override settingsOf(flags: FlagsOf<typeof Status>): Record<string, unknown> {
    return commonSettings(flags);
  }

  protected async execute(signal: AbortSignal): Promise<CatalogStatusResult> {
    const settings = requiredCatalog(this.settings);
    const [repositoryUrl = ''] = repositoryUrls(this.settings);
    const source = await openConfiguredRepository(this.settings);
    const indexer = await readIndexerStatus({ repositoryUrl, ...settings });
    const folder = join(settings.stateDirectory, source.info.id);
    let result: CatalogStatusResult;
    try {
      await using catalog = await connectElasticsearch(settings.elasticsearch, { signal });
      const server = await catalog.status({ signal });
      const topics = await compareCounts(source, catalog, settings, signal);
      result = { server, indexer, topics };
    } catch (thrown) {
      // How far the indexer is stands in its own files, and is what is asked for when Elasticsearch is away.
      if (KopsError.is(firstFailure(thrown), 'KOPS_ELASTICSEARCH_UNREACHABLE'))
        this.print(renderIndexerStatus(indexer, folder));
      throw thrown;
    }
    this.print(renderCatalogStatus(result, folder));
    if (!isUpToDate(result)) this.endWith(21);
    return result;
  }
}
