import type { IndexMapping, Properties } from './mapping.ts';

/** Kinds of documents that the catalog holds; each has indices of its own. */
export type IndexKind = 'archives' | 'segments' | 'drills' | 'events' | 'records';

/** Settings of an index. Only those that every distribution of Elasticsearch has. */
export type IndexSettings = Readonly<Record<string, string | number | readonly string[]>>;

/** What the indices of one kind are made of. */
export interface IndexDefinition {
  readonly kind: IndexKind;
  readonly settings: IndexSettings;
  readonly mappings: IndexMapping;
}

/** When the index that is written to is followed by another; whichever comes first. */
export interface RolloverLimits {
  readonly maxDocuments: number;
  readonly maxShardBytes: number;
}

/** Well below the 2^31 documents of a shard; shards of this size still move in minutes. */
export const defaultRolloverLimits: RolloverLimits = {
  maxDocuments: 200_000_000,
  maxShardBytes: 30 * 1024 ** 3,
};

/** One copy wherever there is a second machine to hold it; green on a single one too. */
export const commonSettings: IndexSettings = {
  'index.number_of_shards': 1,
  'index.auto_expand_replicas': '0-1',
};

/** Definition of an index: `version` rises with every change of the fields. */
export function defineIndex(
  kind: IndexKind,
  version: number,
  properties: Properties,
  settings: IndexSettings = {},
): IndexDefinition {
  return {
    kind,
    settings: { ...commonSettings, ...settings },
    mappings: { dynamic: 'strict', _meta: { kops_mapping_version: version }, properties },
  };
}
