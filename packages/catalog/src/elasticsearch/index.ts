/**
 * The catalog in an Elasticsearch 9.
 * @module
 */
export { connectElasticsearch, type ConnectOptions } from './connect.ts';
export type { CatalogTuning } from './elasticsearch-catalog.ts';
export { checkElasticsearchSettings, type ElasticsearchSettings } from './settings.ts';
