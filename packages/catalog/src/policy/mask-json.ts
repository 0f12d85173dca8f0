import { isRawNumber } from '../documents/exact-json.ts';
import type { Hasher } from './keyed-hash.ts';
import { redactedText, type MaskAction, type PathMask } from './mask-rule.ts';

/** A deeper value is not masked but withheld: the walk must end. */
export const maxMaskDepth = 100;

/** A mask that may still match further inside: `at` of its path's names were found. */
interface Pending {
  readonly mask: PathMask;
  readonly at: number;
}

/**
 * A JSON value with its masked fields replaced.
 *
 * Where in doubt, more is masked: arrays are looked through with and without their indices counting as names, a name with
 * dots counts as one name and as several. Names are compared with their case.
 *
 * @returns undefined when the value is nested deeper than {@link maxMaskDepth}.
 */
export function maskJson(
  value: unknown,
  masks: readonly PathMask[],
  hasher: Hasher,
): { readonly value: unknown } | undefined {
  const walker = new MaskWalker(hasher);
  const masked = walker.inside(
    value,
    masks.map((mask) => ({ mask, at: 0 })),
    0,
  );
  return walker.isTooDeep ? undefined : { value: masked };
}

/** What stands in place of a masked value; undefined when it is dropped. */
export function replaceMasked(action: MaskAction, hash: () => string): string | undefined {
  if (action === 'drop') return undefined;
  return action === 'redact' ? redactedText : hash();
}

class MaskWalker {
  isTooDeep = false;
  readonly #hasher: Hasher;

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  inside(value: unknown, pending: readonly Pending[], depth: number): unknown {
    if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
    if (depth >= maxMaskDepth) {
      this.isTooDeep = true;
      return undefined;
    }
    if (Array.isArray(value)) {
      return value
        .map((item: unknown, index) => this.#child(item, String(index), pending, depth, pending))
        .filter((item) => item !== undefined);
    }
    const masked = Object.create(null) as Record<string, unknown>;
    for (const [name, item] of Object.entries(value)) {
      const kept = this.#child(item, name, pending, depth, []);
      if (kept !== undefined) masked[name] = kept;
    }
    return masked;
  }

  #child(
    item: unknown,
    name: string,
    pending: readonly Pending[],
    depth: number,
    stillPending: readonly Pending[],
  ): unknown {
    const asOne = advance(pending, [name]);
    const asSeveral = name.includes('.') ? advance(pending, name.split('.')) : asOne;
    const complete = asOne.complete ?? asSeveral.complete;
    if (complete !== undefined)
      return replaceMasked(complete, () => this.#hasher.hash(hashedText(item)));
    const next = [...asOne.pending, ...stillPending];
    if (asSeveral !== asOne) next.push(...asSeveral.pending);
    return this.inside(item, next.length > 1 ? withoutRepeats(next) : next, depth + 1);
  }
}

/** Arrays within arrays find the same mask at the same place in many ways; one is enough. */
function withoutRepeats(pending: readonly Pending[]): Pending[] {
  return pending.filter(
    ({ mask, at }, index) =>
      pending.findIndex((other) => other.mask === mask && other.at === at) === index,
  );
}

/** A text is hashed as itself, so that the hash of a value that is known can be searched; all else as its JSON. */
function hashedText(item: unknown): string {
  return typeof item === 'string' ? item : JSON.stringify(item);
}

function advance(
  pending: readonly Pending[],
  names: readonly string[],
): { complete: MaskAction | undefined; pending: Pending[] } {
  const next: Pending[] = [];
  for (const { mask, at } of pending) {
    const left = mask.path.length - at;
    const count = Math.min(left, names.length);
    const matches = names
      .slice(0, count)
      .every((name, index) => mask.path[at + index] === '*' || mask.path[at + index] === name);
    if (!matches) continue;
    if (count === left) return { complete: mask.action, pending: [] };
    next.push({ mask, at: at + count });
  }
  return { complete: undefined, pending: next };
}
