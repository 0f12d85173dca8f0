import type { Catalog } from '../port.ts';
import { cleanedUp } from '@kops/core';
import { ElasticsearchCatalog, type CatalogTuning } from './elasticsearch-catalog.ts';
import { Server, readServerInfo } from './server.ts';
import { planConnection, type ElasticsearchSettings } from './settings.ts';

/** What {@link connectElasticsearch} takes besides the settings. */
export interface ConnectOptions {
  readonly signal?: AbortSignal;
  /** Limits and definitions for tests. */
  readonly tuning?: CatalogTuning;
}

/**
 * Connects to the catalog in an Elasticsearch and asks the server for its version. Nothing is created: see `Catalog.setup`.
 * @throws KOPS_CONFIG for settings that do not fit each other, and for plain http to another host
 * @throws KOPS_ELASTICSEARCH_UNREACHABLE, KOPS_ACCESS_DENIED, KOPS_ELASTICSEARCH_UNSUPPORTED
 */
export async function connectElasticsearch(
  settings: ElasticsearchSettings,
  options: ConnectOptions = {},
): Promise<Catalog> {
  const plan = await planConnection(settings);
  const server = new Server(plan);
  try {
    await readServerInfo(server, options.signal);
  } catch (error) {
    throw await cleanedUp(error, () => server[Symbol.asyncDispose]());
  }
  return new ElasticsearchCatalog(server, plan.prefix, options.tuning);
}
