import { z } from 'zod';
import { configSchema, objectBehind } from './schema.ts';

/** Where a setting stands: keys from the top. */
export type SettingPath = readonly string[];

function unwrap(schema: z.ZodType): z.ZodType {
  const isWrapper = schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault;
  return isWrapper ? unwrap(schema.unwrap() as z.ZodType) : schema;
}

function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined {
  const object = objectBehind(schema) ?? schema;
  return object instanceof z.ZodObject ? object.shape : undefined;
}

/** The schema at a path; undefined where there is no such setting. */
export function schemaAt(path: SettingPath): z.ZodType | undefined {
  let schema: z.ZodType | undefined = configSchema;
  for (const key of path) {
    const shape = shapeOf(schema);
    if (schema instanceof z.ZodRecord) schema = schema.valueType as z.ZodType;
    else if (shape !== undefined && Object.hasOwn(shape, key)) schema = shape[key];
    else return undefined;
    if (schema === undefined) return undefined;
    schema = unwrap(schema);
  }
  return schema;
}

/** Keys that may stand below a path. */
export function keysAt(path: SettingPath): string[] {
  const schema = schemaAt(path);
  return schema === undefined ? [] : Object.keys(shapeOf(schema) ?? {});
}

/** Paths of all settings that one value can be given for; not those below names of one's own (`clusters`, `repositories`). */
export function settingPaths(base: SettingPath = []): SettingPath[] {
  const schema = schemaAt(base);
  if (schema === undefined || schema instanceof z.ZodRecord) return [];
  const below = keysAt(base).flatMap((key) => settingPaths([...base, key]));
  return schema instanceof z.ZodObject ? below : [base, ...below];
}
