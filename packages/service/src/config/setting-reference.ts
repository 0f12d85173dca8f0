import { z } from 'zod';
import { settingVariables } from './environment.ts';
import { configSchema, objectBehind } from './schema.ts';
import type { SettingPath } from './schema-paths.ts';
import { settingTexts } from './setting-texts.ts';
import { expectedOf, isSecret } from './settings.ts';

/** Stands for a name of one's own, below `clusters` for instance. */
export const ownName = 'NAME';

/** A setting, as documentation tells of it. */
export interface SettingReference {
  readonly path: SettingPath;
  readonly about: string;
  /** What values it takes. */
  readonly type: string;
  readonly isSecret: boolean;
  /** Without it in this place something else says what holds. */
  readonly isRequired: boolean;
  /** As it is written; undefined where there is none. */
  readonly byDefault: string | undefined;
  /** Environment variables; none for settings below names of one's own. */
  readonly variables: readonly string[];
  readonly example: string;
}

/** A schema without what makes it optional, and what holds without a value. */
function unwrapped(schema: z.ZodType): {
  inner: z.ZodType;
  isRequired: boolean;
  byDefault: unknown;
} {
  if (schema instanceof z.ZodOptional)
    return { inner: schema.unwrap() as z.ZodType, isRequired: false, byDefault: undefined };
  if (schema instanceof z.ZodPrefault)
    return {
      inner: schema.unwrap() as z.ZodType,
      isRequired: false,
      byDefault: schema.def.defaultValue,
    };
  return { inner: schema, isRequired: true, byDefault: undefined };
}

const units: readonly (readonly [RegExp, string, number])[] = [
  [/^a size/, 'MiB', 1024 * 1024],
  [/^a time/, 'm', 60_000],
];

/** A default as people write it. */
function written(value: unknown, type: string): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return undefined;
  const [, unit = '', size = 1] = units.find(([kind]) => kind.test(type)) ?? [];
  return `${String(value / size)}${unit}`;
}

function settingsBelow(schema: z.ZodType, path: SettingPath): SettingReference[] {
  const { inner, isRequired, byDefault } = unwrapped(schema);
  const object = objectBehind(inner);
  const shape =
    (object ?? inner) instanceof z.ZodObject ? ((object ?? inner) as z.ZodObject).shape : {};
  const below = Object.entries(shape).flatMap(([key, part]) =>
    settingsBelow(part as z.ZodType, [...path, key]),
  );
  if (inner instanceof z.ZodRecord)
    return settingsBelow(inner.valueType as z.ZodType, [...path, ownName]);
  if (inner instanceof z.ZodObject) return below;
  const type =
    expectedOf(inner) ??
    (object === undefined ? 'a list of rules' : 'true, false or a map of files');
  const name = path.join('.');
  const said = settingTexts[name];
  if (said === undefined) throw new TypeError(`setting-texts.ts has no text for ${name}`);
  const leaf: SettingReference = {
    path,
    type,
    isSecret: isSecret(inner),
    isRequired,
    byDefault: written(byDefault, type),
    variables: variablesOf(path),
    ...said,
  };
  return [leaf, ...below];
}

function variablesOf(path: SettingPath): string[] {
  const name = path.join('.');
  return [...settingVariables()].flatMap(([variable, of]) =>
    of.join('.') === name ? [variable] : [],
  );
}

/** Every setting there is, in the order of the schema. */
export function settingReference(): SettingReference[] {
  return settingsBelow(configSchema, []);
}
