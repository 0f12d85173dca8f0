import type { IndexDefinition, IndexKind } from './index-definition.ts';
import { indexPatterns, kindAlias, type CatalogPrefix } from './index-names.ts';
import { recordIndex } from './record-index.ts';
import { archiveIndex, drillIndex, eventIndex, segmentIndex } from './report-indices.ts';

/** Every index of the catalog, by kind. */
export const indexDefinitions: Readonly<Record<IndexKind, IndexDefinition>> = {
  archives: archiveIndex,
  segments: segmentIndex,
  drills: drillIndex,
  events: eventIndex,
  records: recordIndex,
};

/** Kinds that have one alias; records have one per topic. */
export const singleKinds = ['archives', 'segments', 'drills', 'events'] as const;

/** Version of the mapping that this release writes. */
export function mappingVersion(definition: IndexDefinition): number {
  return definition.mappings._meta.kops_mapping_version;
}

/** An index template as Elasticsearch takes it. */
export interface IndexTemplate {
  readonly name: string;
  readonly index_patterns: string[];
  readonly priority: number;
  readonly template: Pick<IndexDefinition, 'settings' | 'mappings'>;
  readonly _meta: { readonly kops_mapping_version: number };
}

/** Above the templates that Elasticsearch and most people's catch-alls bring. */
const templatePriority = 500;

/** The template that gives new indices of a kind their mapping, whoever creates them. */
export function indexTemplate(definition: IndexDefinition, prefix: CatalogPrefix): IndexTemplate {
  const { kind, settings, mappings } = definition;
  return {
    name: kindAlias(kind, prefix),
    index_patterns: indexPatterns(kind, prefix),
    priority: templatePriority,
    template: { settings, mappings },
    _meta: mappings._meta,
  };
}
