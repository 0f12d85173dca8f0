import { KopsError } from '@kops/core';
import type { IndexDefinition } from './index-definition.ts';
import { mappingVersion } from './index-definitions.ts';
import { migratedIndex, parseIndexName } from './index-names.ts';
import { isObject, type LeafMapping, type Properties } from './mapping.ts';

/** A mapping as the server gives it back. */
export interface LiveMapping {
  readonly dynamic?: unknown;
  readonly _meta?: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** What makes the mapping of an index the one of this release. */
export type MigrationStep =
  | { readonly action: 'none'; readonly index: string }
  /** Fields were added: the index learns them, its documents stay. */
  | { readonly action: 'put-mapping'; readonly index: string; readonly added: readonly string[] }
  /** Fields changed their type: a new index is filled from the old one and takes its aliases. */
  | {
      readonly action: 'reindex';
      readonly index: string;
      readonly into: string;
      readonly changed: readonly string[];
    };

/** Fields of a mapping that an index lacks, and those that it has otherwise. */
export interface MappingDifference {
  readonly added: readonly string[];
  readonly changed: readonly string[];
}

/** Compares the mapping that an index has with the one it should have. Fields that only the index has do no harm. */
export function compareMappings(live: LiveMapping, wanted: Properties): MappingDifference {
  const added: string[] = [];
  const changed: string[] = [];
  const walk = (found: Readonly<Record<string, unknown>>, fields: Properties, path: string) => {
    for (const [name, field] of Object.entries(fields)) {
      const at = path + name;
      const existing = asRecord(found[name]);
      if (existing === undefined) added.push(at);
      else if (isObject(field) !== 'properties' in existing) changed.push(at);
      else if (isObject(field))
        walk(asRecord(existing['properties']) ?? {}, field.properties, `${at}.`);
      else if (!isSameLeaf(existing, field)) changed.push(at);
    }
  };
  walk(live.properties ?? {}, wanted, '');
  return { added, changed };
}

/** `ignore_above` and the like can be put on an existing field, but would only hold for new documents. */
function isSameLeaf(existing: Readonly<Record<string, unknown>>, wanted: LeafMapping): boolean {
  return Object.entries(wanted).every(([name, value]) => existing[name] === value);
}

/**
 * What has to be done to an index so that this release can write to it.
 * @throws KOPS_ELASTICSEARCH_MAPPING when a newer release made it, or it is none of the catalog's.
 */
export function planMigration(
  index: string,
  live: LiveMapping,
  definition: IndexDefinition,
): MigrationStep {
  const wanted = mappingVersion(definition);
  const version = live._meta?.['kops_mapping_version'];
  if (typeof version !== 'number' || parseIndexName(index) === undefined) {
    throw new KopsError('KOPS_ELASTICSEARCH_MAPPING', `index ${index} was not created by kops`, {
      at: { object: index },
      hint: 'Set another catalog.prefix, or delete the index or alias with that name.',
    });
  }
  if (version > wanted) {
    throw new KopsError(
      'KOPS_ELASTICSEARCH_MAPPING',
      `index ${index} has mapping version ${version}; this release supports versions up to ${wanted}`,
      {
        at: { object: index },
        hint: 'Upgrade kops to the release that created the index, or newer.',
      },
    );
  }
  const { added, changed } = compareMappings(live, definition.mappings.properties);
  if (changed.length > 0)
    return { action: 'reindex', index, into: migratedIndex(index, wanted), changed };
  if (added.length > 0 || version < wanted) return { action: 'put-mapping', index, added };
  return { action: 'none', index };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
