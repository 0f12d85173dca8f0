import { checkElasticsearchSettings } from '@kops/catalog/elasticsearch';
import { checkRegistrySettings } from '@kops/schema-registry';
import type { IndexerSettings } from './settings.ts';

/**
 * Checks how Elasticsearch and the schema registry are to be reached, without asking them: a setting that cannot work fails before a backup starts, and
 * not after it.
 * @throws KOPS_CONFIG
 */
export async function checkIndexerSettings({
  elasticsearch,
  schemaRegistry,
}: Pick<IndexerSettings, 'elasticsearch' | 'schemaRegistry'>): Promise<void> {
  await checkElasticsearchSettings(elasticsearch);
  if (schemaRegistry !== undefined) checkRegistrySettings(schemaRegistry);
}
