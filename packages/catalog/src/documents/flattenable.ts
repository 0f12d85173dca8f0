import { flattenedCharacters, flattenedDepth, maxTermBytes } from '../indices/mapping.ts';
import { isRawNumber } from './exact-json.ts';

/** Bytes of the path to a leaf at most; with the longest indexed leaf it makes a term. */
const maxPathBytes = maxTermBytes - 1 - 4 * flattenedCharacters;

type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object that a flattened field takes, and whether something was left out for it. */
export interface Flattenable {
  readonly value: JsonObject;
  readonly isCut: boolean;
}

/**
 * Makes a JSON object fit for a flattened field: what is nested too deep, has a path too long for a term, or a name with a
 * zero byte is left out, and halves of surrogate pairs are replaced. Nearly all objects fit and come back as they are.
 */
export function makeFlattenable(object: JsonObject): Flattenable {
  if (fits(object, 0, 0)) return { value: object, isCut: false };
  const cleaner = new Cleaner();
  return { value: cleaner.object(object, 0, 0), isCut: cleaner.isCut };
}

function fits(value: unknown, pathBytes: number, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return true;
  if (depth >= flattenedDepth) return false;
  if (Array.isArray(value)) return value.every((item) => fits(item, pathBytes, depth + 1));
  for (const name in value) {
    const bytes = pathBytes + 1 + Buffer.byteLength(name);
    if (!isName(name) || bytes > maxPathBytes) return false;
    if (!fits((value as JsonObject)[name], bytes, depth + 1)) return false;
  }
  return true;
}

/** A zero byte ends the path in a flattened field's terms; an empty name makes a path that no query can say. */
function isName(name: string): boolean {
  return name !== '' && !name.includes('\0') && name.isWellFormed();
}

class Cleaner {
  isCut = false;

  object(object: JsonObject, pathBytes: number, depth: number): JsonObject {
    // Without a prototype, `__proto__` is a name like any other.
    const clean = Object.create(null) as Record<string, unknown>;
    for (const [name, value] of Object.entries(object)) {
      const bytes = pathBytes + 1 + Buffer.byteLength(name);
      const kept =
        isName(name) && bytes <= maxPathBytes ? this.#value(value, bytes, depth + 1) : undefined;
      if (kept === undefined) this.isCut = true;
      else clean[name] = kept;
    }
    return clean;
  }

  /** The value as it can be indexed; undefined if it cannot. */
  #value(value: unknown, pathBytes: number, depth: number): unknown {
    if (typeof value === 'string') return value.toWellFormed();
    if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
    if (depth >= flattenedDepth) return undefined;
    if (!Array.isArray(value)) return this.object(value as JsonObject, pathBytes, depth);
    const items = value.map((item: unknown) => this.#value(item, pathBytes, depth + 1));
    if (items.includes(undefined)) this.isCut = true;
    return items.filter((item) => item !== undefined);
  }
}
