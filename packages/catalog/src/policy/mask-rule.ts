import { matchesGlob } from '@kops/core';

/** What becomes of a masked field: it is left out, replaced by a keyed hash, or by {@link redactedText}. */
export type MaskAction = 'drop' | 'hash' | 'redact';

/** What stands where a field was redacted. */
export const redactedText = '[redacted]';

/** A mask as configured: `key`, `value`, `key.customer.id`, `value.cards.*.number`, `headers.x-token`. */
export interface MaskRule {
  readonly field: string;
  readonly action: MaskAction;
}

/** A mask of fields inside of a JSON text. */
export interface PathMask {
  /** Names from the outermost object in; `*` stands for any one name. */
  readonly path: readonly string[];
  readonly action: MaskAction;
}

/** The masks of one part of a record. */
export interface PartMasks {
  /** For the part as a whole. */
  readonly whole: MaskAction | undefined;
  readonly paths: readonly PathMask[];
}

/** Masks by the part of the record that they are for. */
export interface RecordMasks {
  readonly key: PartMasks;
  readonly value: PartMasks;
  /** What becomes of a header of this name: globs, case ignored; the first that matches counts. */
  readonly headerAction: (name: string) => MaskAction | undefined;
}

const parts = ['key', 'value', 'headers'] as const;

/** Why a text names no field that can be masked; undefined if it does. */
export function problemOfField(field: string): string | undefined {
  const [part, ...path] = field.split('.');
  if (!parts.some((known) => known === part)) return 'key…, value… or headers.NAME';
  if (part === 'headers' && path.length === 0) return 'headers.NAME or headers.*';
  return path.includes('') ? 'names with single dots between' : undefined;
}

/** Sorts masks by the part that they are for. */
export function groupMasks(rules: readonly MaskRule[]): RecordMasks {
  return {
    key: partMasks(rules, 'key'),
    value: partMasks(rules, 'value'),
    headerAction: headerActions(rules),
  };
}

/** Names of headers whose action is remembered: records of a topic share a few. */
const rememberedNames = 1000;

function headerActions(rules: readonly MaskRule[]): RecordMasks['headerAction'] {
  const masks = rules
    .filter(({ field }) => field.startsWith('headers.'))
    // A header's name may hold dots, so all of the rest is the name.
    .map(({ field, action }) => ({ name: field.slice('headers.'.length).toLowerCase(), action }));
  if (masks.length === 0) return () => undefined;
  const known = new Map<string, MaskAction | undefined>();
  return (name) => {
    if (known.has(name)) return known.get(name);
    const lower = name.toLowerCase();
    const action = masks.find((mask) => matchesGlob(mask.name, lower))?.action;
    if (known.size < rememberedNames) known.set(name, action);
    return action;
  };
}

function partMasks(rules: readonly MaskRule[], part: 'key' | 'value'): PartMasks {
  return {
    whole: rules.find(({ field }) => field === part)?.action,
    paths: rules
      .filter(({ field }) => field.startsWith(`${part}.`))
      .map(({ field, action }) => ({ path: field.split('.').slice(1), action })),
  };
}
