import type { SettingPath } from './schema-paths.ts';

/** Settings as read, before anything is checked. */
export type SettingTree = Readonly<Record<string, unknown>>;

/** What one source says. */
export interface Layer {
  readonly settings: SettingTree;
  /** What to call the source of a setting, e.g. `KOPS_REPOSITORY` or `kops.yaml`. */
  sourceOf(path: SettingPath): string;
  /** A setting as it was written, where that differs from its value (`${NAME}` in a file). */
  writtenAt?(path: SettingPath): unknown;
}

/** Whether a value has settings below it. */
export function isTree(value: unknown): value is SettingTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path; undefined where there is none. */
export function valueAt(settings: unknown, path: SettingPath): unknown {
  let value = settings;
  for (const key of path)
    value = isTree(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** A tree with one value in it. */
export function treeOf(path: SettingPath, value: unknown): SettingTree {
  // fromEntries defines own properties, whatever they are called: a key `__proto__` stays a key.
  return path.reduceRight<unknown>(
    (below, key) => Object.fromEntries([[key, below]]),
    value,
  ) as SettingTree;
}

/** `upper` over `lower`: trees are joined, everything else (lists too) is replaced. */
export function merge(lower: unknown, upper: unknown): unknown {
  if (!isTree(lower) || !isTree(upper)) return upper;
  const keys = new Set([...Object.keys(lower), ...Object.keys(upper)]);
  return Object.fromEntries(
    [...keys].map((key) => {
      if (!Object.hasOwn(upper, key)) return [key, lower[key]];
      return [key, Object.hasOwn(lower, key) ? merge(lower[key], upper[key]) : upper[key]];
    }),
  );
}

/** The layer that decided the value at a path; layers lowest first. Undefined: none says anything, it is a default. */
export function decidingLayer(layers: readonly Layer[], path: SettingPath): Layer | undefined {
  return layers.findLast((layer) =>
    path.some((_, at) => {
      const value = valueAt(layer.settings, path.slice(0, at + 1));
      const isWhole = at === path.length - 1;
      return value !== undefined && (isWhole || !isTree(value));
    }),
  );
}
