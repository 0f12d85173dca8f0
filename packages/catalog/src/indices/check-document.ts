import {
  flattenedDepth,
  isObject,
  maxTermBytes,
  type IndexMapping,
  type LeafMapping,
  type Properties,
} from './mapping.ts';

/** Why the server would refuse a document, with the field's path. */
export interface MappingViolation {
  readonly field: string;
  readonly problem: string;
}

/**
 * Checks a document against a mapping as the server does: unknown fields, types, ranges, and what Lucene cannot index.
 * For tests and for the reasons of dead letters; the server has the last word.
 */
export function checkDocument(
  mapping: IndexMapping,
  document: Readonly<Record<string, unknown>>,
): MappingViolation[] {
  const found: MappingViolation[] = [];
  walk(mapping.properties, document, '', found);
  return found;
}

function walk(
  fields: Properties,
  values: Readonly<Record<string, unknown>>,
  path: string,
  found: MappingViolation[],
): void {
  for (const [name, value] of Object.entries(values)) {
    const field = fields[name];
    const at = path + name;
    if (!Object.hasOwn(fields, name) || field === undefined) {
      found.push({ field: at, problem: 'not in the mapping' });
    } else if (isObject(field)) {
      if (isPlainObject(value)) walk(field.properties, value, `${at}.`, found);
      else found.push({ field: at, problem: 'not an object' });
    } else checkLeaf(field, value, at, found);
  }
}

function checkLeaf(
  field: LeafMapping,
  value: unknown,
  at: string,
  found: MappingViolation[],
): void {
  if (field.type === 'flattened') {
    if (isPlainObject(value)) checkFlattened(field, value, at, found);
    else found.push({ field: at, problem: 'not an object' });
    return;
  }
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const single of values) {
    const problem = single === null ? undefined : problemOf(field, single);
    if (problem !== undefined) found.push({ field: at, problem });
  }
}

const int32 = { least: -(2n ** 31n), most: 2n ** 31n - 1n };
const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

function problemOf(
  field: Exclude<LeafMapping, { type: 'flattened' }>,
  value: unknown,
): string | undefined {
  switch (field.type) {
    case 'keyword':
      if (typeof value !== 'string') return 'not a text';
      if (!value.isWellFormed()) return 'half a surrogate pair';
      return value.length <= field.ignore_above && Buffer.byteLength(value) > maxTermBytes
        ? 'a term that is too long'
        : undefined;
    case 'text':
      if (typeof value !== 'string') return 'not a text';
      return value.isWellFormed() ? undefined : 'half a surrogate pair';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'not a boolean';
    case 'date':
      return isDate(value) ? undefined : 'not a date';
    case 'integer':
      return isWhole(value, int32) ? undefined : 'not a whole number of 32 bits';
    case 'long':
      return isWhole(value, int64) ? undefined : 'not a whole number of 64 bits';
  }
}

function isDate(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

function isWhole(value: unknown, range: { least: bigint; most: bigint }): boolean {
  if (typeof value === 'bigint') return value >= range.least && value <= range.most;
  return Number.isSafeInteger(value) && isWhole(BigInt(value as number), range);
}

function checkFlattened(
  field: Extract<LeafMapping, { type: 'flattened' }>,
  root: Readonly<Record<string, unknown>>,
  at: string,
  found: MappingViolation[],
): void {
  const report = (problem: string) => found.push({ field: at, problem });
  const visit = (value: unknown, path: string, depth: number): void => {
    if (depth > flattenedDepth) report('nested too deep');
    else if (Array.isArray(value)) for (const item of value) visit(item, path, depth + 1);
    else if (isPlainObject(value)) {
      for (const [name, item] of Object.entries(value)) {
        if (name.includes('\0')) report('a zero byte in a field name');
        if (!name.isWellFormed()) report('half a surrogate pair in a field name');
        visit(item, path === '' ? name : `${path}.${name}`, depth + 1);
      }
    } else if (typeof value === 'string') {
      if (!value.isWellFormed()) report('half a surrogate pair');
      const isIndexed = value.length <= field.ignore_above;
      if (isIndexed && Buffer.byteLength(path) + 1 + Buffer.byteLength(value) > maxTermBytes)
        report('a term that is too long');
    }
  };
  visit(root, '', 0);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
