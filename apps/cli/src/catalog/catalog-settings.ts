import { join, resolve } from 'node:path';
import { defaultPrefix, parseRecordRules, type RecordRule } from '@kops/catalog';
import type { ElasticsearchSettings } from '@kops/catalog/elasticsearch';
import { KopsError } from '@kops/core';
import type { IndexerSettings } from '@kops/indexer';
import type { Config } from '@kops/service';
import { stateHome } from '../settings/state-home.ts';

/** What of records is indexed, as configured. */
export interface CatalogPolicy {
  readonly records: readonly RecordRule[];
  readonly hashKey?: string;
  /** What names of indices begin with. */
  readonly prefix: string;
}

/** The catalog as configured: where it is, and what is written to it. */
export interface ConfiguredCatalog extends Omit<CatalogPolicy, 'prefix'> {
  readonly elasticsearch: ElasticsearchSettings;
  /** Local folder for positions and dead letters. */
  readonly stateDirectory: string;
  readonly schemaRegistry?: NonNullable<IndexerSettings['schemaRegistry']>;
}

/** @throws KOPS_CONFIG for rules that cannot be followed */
export function catalogPolicy({ catalog }: Pick<Config, 'catalog'>): CatalogPolicy {
  const { records = [], hashKey, prefix = defaultPrefix } = catalog;
  return {
    records: parseRecordRules(records, { hasHashKey: hashKey !== undefined }),
    ...(hashKey === undefined ? {} : { hashKey }),
    prefix,
  };
}

/** Undefined where no Elasticsearch is configured: then there is no catalog. @throws KOPS_CONFIG */
export function configuredCatalog(config: Pick<Config, 'catalog'>): ConfiguredCatalog | undefined {
  const { elasticsearch, stateDirectory } = config.catalog;
  if (elasticsearch.node === undefined && elasticsearch.cloudId === undefined) return undefined;
  const { prefix, ...policy } = catalogPolicy(config);
  const schemaRegistry = configuredRegistry(config);
  return {
    ...policy,
    elasticsearch: { ...defined(elasticsearch), prefix },
    ...(schemaRegistry === undefined ? {} : { schemaRegistry }),
    stateDirectory:
      stateDirectory === undefined ? join(stateHome(), 'catalog') : resolve(stateDirectory),
  };
}

/** Undefined where no schema registry is configured. */
export function configuredRegistry({
  catalog,
}: Pick<Config, 'catalog'>): ConfiguredCatalog['schemaRegistry'] {
  const { url, ...access } = catalog.schemaRegistry;
  return url === undefined ? undefined : { url, ...defined(access) };
}

/**
 * The catalog that a command cannot do without.
 * @throws KOPS_USAGE where there is none, with what to do instead
 */
export function requiredCatalog(
  config: Pick<Config, 'catalog'>,
  instead?: string,
): ConfiguredCatalog {
  const catalog = configuredCatalog(config);
  if (catalog !== undefined) return catalog;
  throw new KopsError('KOPS_USAGE', 'no Elasticsearch is configured for the catalog', {
    hint: `Use --elasticsearch URL, or set catalog.elasticsearch.node in the configuration or KOPS_ELASTICSEARCH.${instead === undefined ? '' : ` ${instead}`}`,
  });
}

/** Without the settings that are not set: a key with `undefined` is not an absent one. */
function defined<T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
