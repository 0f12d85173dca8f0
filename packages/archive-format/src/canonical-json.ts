import { KopsError } from '@kops/core';

/** Why bytes are not the JSON they should be. */
export class JsonDamage extends Error {}

/**
 * The one form in which a value is stored: keys sorted by code units, no white space, bigint as decimal string, UTF-8, one newline at the end.
 * Fields that are undefined are left out. The same value always gives the same bytes.
 */
export function toCanonicalBytes(value: Readonly<Record<string, unknown>>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const text of textPieces(value)) parts.push(Buffer.from(text, 'utf8'));
  return Buffer.concat(parts);
}

/** Elements of the top level's arrays one by one: lists and manifests are large, so their copies with sorted keys should die young. */
function* textPieces(object: Readonly<Record<string, unknown>>): Generator<string> {
  let separator = '{';
  for (const key of sortedKeys(object)) {
    const value = object[key];
    yield `${separator}${JSON.stringify(key)}:`;
    separator = ',';
    if (Array.isArray(value)) yield* elementPieces(value);
    else yield JSON.stringify(normalize(value));
  }
  yield separator === '{' ? '{}\n' : '}\n';
}

function* elementPieces(elements: readonly unknown[]): Generator<string> {
  for (const [index, element] of elements.entries()) {
    yield `${index === 0 ? '[' : ','}${JSON.stringify(normalize(element) ?? null)}`;
  }
  yield elements.length === 0 ? '[]' : ']';
}

// Plain objects with sorted keys first, then one native stringify: a replacer function would be several times slower.
function normalize(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return value.toString();
    case 'string':
      return requireWellFormed(value);
    case 'number':
      return requireFinite(value);
    case 'object':
      if (value === null) return null;
      return Array.isArray(value)
        ? value.map(normalize)
        : normalizeObject(value as Record<string, unknown>);
    default:
      return value;
  }
}

function normalizeObject(object: Record<string, unknown>): Record<string, unknown> {
  const sorted: Record<string, unknown> = {};
  for (const key of sortedKeys(object)) sorted[key] = normalize(object[key]);
  return sorted;
}

function sortedKeys(object: Readonly<Record<string, unknown>>): string[] {
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  for (const key of keys) {
    requireWellFormed(key);
    // An own property of this name cannot be set by assignment, and readers refuse it.
    if (key === '__proto__')
      throw new KopsError('KOPS_USAGE', "a field cannot be named '__proto__'");
  }
  return keys.sort();
}

function requireWellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new KopsError('KOPS_USAGE', 'text contains a lone surrogate, which UTF-8 cannot encode', {
    hint: 'Give the name exactly as the cluster reports it, decoded as UTF-8.',
  });
}

function requireFinite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new KopsError('KOPS_USAGE', `JSON cannot represent the number ${String(value)}`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses untrusted bytes. Depth is looked at before anything is built.
 * @throws JsonDamage
 */
export function parseJson(bytes: Uint8Array, maxDepth: number): unknown {
  const depth = nestingDepth(bytes);
  if (depth > maxDepth)
    throw new JsonDamage(`is nested ${String(depth)} deep, at most ${String(maxDepth)} is allowed`);
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch (cause) {
    throw new JsonDamage(
      `is not valid JSON in UTF-8: ${cause instanceof Error ? cause.message.slice(0, 200) : String(cause)}`,
      { cause },
    );
  }
}

const quote = 0x22;
const backslash = 0x5c;

/** Deepest nesting of arrays and objects, by their brackets outside of strings. */
function nestingDepth(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at + 1);
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return deepest;
}

function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) return at;
    if (byte === backslash) at++;
  }
  return bytes.length;
}
