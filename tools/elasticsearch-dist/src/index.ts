/**
 * Elasticsearch 9 on this machine: the official image in a Docker engine, or an unpacked distribution run by Java.
 * Throwaway servers that never outlive the process that started them.
 * @module
 */
export {
  elasticsearchVersion,
  ensureDistribution,
  type DistributionOptions,
} from './distribution.ts';
export {
  basicAuthorization,
  ElasticsearchNode,
  isHealthy,
  type Credentials,
  type NodeAccess,
} from './elasticsearch-node.ts';
export { findJdk, minimumJdkVersion, type FindJdkOptions, type Jdk } from './find-jdk.ts';
export {
  elasticsearchImage,
  ensureElasticsearch,
  type ElasticsearchInstallation,
  type InstallationOptions,
} from './installation.ts';
export { startElasticsearch, type ElasticsearchOptions } from './start-elasticsearch.ts';
