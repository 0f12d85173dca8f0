/** Longest term in bytes that Lucene takes; one that is longer has the whole document rejected. */
export const maxTermBytes = 32_766;

/** Characters of a keyword that are indexed at most: four bytes each still make a term. */
export const keywordCharacters = 8191;

/**
 * Depth of objects in a flattened field at most: what Elasticsearch takes unless told otherwise. Parameters with their default
 * are left out of mappings, since the server leaves them out of its answers, and the two are compared.
 */
export const flattenedDepth = 20;

/** Characters of a leaf of a flattened field that are indexed at most: longer ones are found as text. */
export const flattenedCharacters = 1024;

/** A field with a type of its own. Only types that every distribution of Elasticsearch has. */
export type LeafMapping =
  | { readonly type: 'keyword'; readonly ignore_above: number }
  | { readonly type: 'text' }
  | { readonly type: 'long' | 'integer' | 'boolean' | 'date' }
  | { readonly type: 'flattened'; readonly ignore_above: number };

/** A field that holds fields. */
export interface ObjectMapping {
  readonly properties: Properties;
}

/** Fields by name. */
export type Properties = Readonly<Record<string, LeafMapping | ObjectMapping>>;

/** Mapping of an index. What is not named is refused, so that a mistake shows at once and not as a wrong guess of a type. */
export interface IndexMapping {
  readonly dynamic: 'strict';
  readonly _meta: { readonly kops_mapping_version: number };
  readonly properties: Properties;
}

export const keyword: LeafMapping = { type: 'keyword', ignore_above: keywordCharacters };
export const text: LeafMapping = { type: 'text' };
export const long: LeafMapping = { type: 'long' };
export const integer: LeafMapping = { type: 'integer' };
export const boolean: LeafMapping = { type: 'boolean' };
export const date: LeafMapping = { type: 'date' };
export const flattened: LeafMapping = {
  type: 'flattened',
  ignore_above: flattenedCharacters,
};

/** A field that holds fields. */
export const object = (properties: Properties): ObjectMapping => ({ properties });

/** Whether a field holds fields. */
export function isObject(mapping: LeafMapping | ObjectMapping): mapping is ObjectMapping {
  return 'properties' in mapping;
}
