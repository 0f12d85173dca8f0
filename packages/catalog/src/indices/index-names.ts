import { createHash } from 'node:crypto';
import type { IndexKind } from './index-definition.ts';

/*
 * Names of indices: `<prefix>-<kind>-000001` behind the alias `<prefix>-<kind>`; for records one alias per topic,
 * `<prefix>-records-<topic>`. Only lower-case names of at most 255 bytes are allowed, and topic names are neither.
 *
 * `~` occurs in no topic's name, so it keeps apart what would otherwise fall together: `a~<hash>` is a topic that could not
 * keep its name, `a~v2-000001` an index that a migration built.
 */

/** Index names in bytes at most: a limit of Elasticsearch. */
const maxNameBytes = 255;

/** Room for `~v<version>-<counter>` behind an alias. */
const suffixBytes = 24;

const hashDigits = 16;

/** Which indices are the catalog's: several catalogs in one Elasticsearch need different prefixes. */
export type CatalogPrefix = string;

/** Prefix when nothing else is configured. */
export const defaultPrefix: CatalogPrefix = 'kops';

/** Whether a text can be the prefix of index names. Without hyphens, no prefix begins like the indices of another. */
export function isPrefix(prefix: string): boolean {
  return /^[a-z0-9][a-z0-9_.]{0,39}$/.test(prefix);
}

/** `kops-archives`: the alias of the indices of a kind; for records, what the aliases of topics begin with. */
export function kindAlias(kind: IndexKind, prefix: CatalogPrefix): string {
  return `${prefix}-${kind}`;
}

/** `kops-records-orders`: the alias of a topic's indices. Different topics have different aliases. */
export function recordsAlias(topic: string, prefix: CatalogPrefix): string {
  const start = `${kindAlias('records', prefix)}-`;
  const room = maxNameBytes - suffixBytes - start.length;
  return start + safeName(topic, room);
}

function safeName(topic: string, room: number): string {
  // A name that ends like a counter would be taken for the index of another topic.
  const keepsName =
    /^[a-z0-9._-]+$/.test(topic) && !/-[0-9]{6,}$/.test(topic) && topic.length <= room;
  if (keepsName) return topic;
  const hash = createHash('sha256').update(topic, 'utf8').digest('hex').slice(0, hashDigits);
  const readable = topic.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '_');
  return `${readable.slice(0, room - hashDigits - 1)}~${hash}`;
}

/** Patterns of the indices of a kind, for templates and searches. */
export function indexPatterns(kind: IndexKind, prefix: CatalogPrefix): string[] {
  const start = kindAlias(kind, prefix);
  return kind === 'records' ? [`${start}-*`] : [`${start}-0*`, `${start}~*`];
}

const counter = (number: number): string => String(number).padStart(6, '0');

/** `kops-archives-000001`: the first index behind an alias. */
export function firstIndex(alias: string): string {
  return `${alias}-${counter(1)}`;
}

/** What the name of an index says. */
export interface IndexNameParts {
  readonly alias: string;
  /** Version of the mapping that a migration built it for; 0 where none did. */
  readonly migratedTo: number;
  readonly counter: number;
}

/** Alias and counter of an index; undefined for other names. */
export function parseIndexName(index: string): IndexNameParts | undefined {
  const match = /^(.+?)(?:~v([0-9]+))?-([0-9]{6,})$/.exec(index);
  if (match === null) return undefined;
  const [, alias = '', version = '0', number = '0'] = match;
  return { alias, migratedTo: Number(version), counter: Number(number) };
}

/** `kops-archives~v2-000001`: the index that takes the place of one whose mapping cannot be changed. */
export function migratedIndex(index: string, version: number): string {
  const parts = parseIndexName(index);
  const alias = parts?.alias ?? index;
  return `${alias}~v${String(version)}-${counter(parts?.counter ?? 1)}`;
}
