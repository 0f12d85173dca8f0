import { readConfigFile } from './config-file.ts';
import { configError } from './config-problems.ts';
import { readEnvironment, type Environment } from './environment.ts';
import { decidingLayer, isTree, merge, treeOf, type Layer, type SettingTree } from './layer.ts';
import { schemaAt, type SettingPath } from './schema-paths.ts';
import { configSchema, type Config } from './schema.ts';
import { isSecret } from './settings.ts';

/** Where {@link loadConfig} looks. */
export interface ConfigSources {
  /** Values by the path of their setting, e.g. `{ 'cluster.bootstrapServers': 'a:9092' }`; those that are undefined were not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Usually `process.env`. */
  readonly env: Environment;
  /** A YAML file; without it the one that `KOPS_CONFIG` names, if any. */
  readonly file?: string | undefined;
}

/** A configuration and where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** What was read, lowest precedence first. */
  readonly layers: readonly Layer[];
  /** What was ignored and is probably a mistake, a line each. */
  readonly warnings: readonly string[];
}

/** One setting as it is in effect. */
export interface DescribedSetting {
  /** Keys joined by dots. */
  readonly path: string;
  /** `(redacted)` for a secret. */
  readonly value: unknown;
  /** `default`, `flag`, the file's path or the variable's name. */
  readonly source: string;
}

function flagLayer(flags: Readonly<Record<string, unknown>>): Layer {
  let settings: SettingTree = {};
  for (const [path, value] of Object.entries(flags)) {
    if (value !== undefined)
      settings = merge(settings, treeOf(path.split('.'), value)) as SettingTree;
  }
  return { settings, sourceOf: () => 'flag' };
}

/**
 * The effective configuration: defaults, below the YAML file, below `KOPS_*` variables, below flags; then checked once and strictly.
 * Trees are joined, lists and single values replaced. In the file's texts `${NAME}` stands for an environment variable.
 * @throws KOPS_CONFIG naming every unknown setting and every value that cannot be, with what was expected and where it came from.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const named = sources.env['KOPS_CONFIG'];
  const file = sources.file ?? (named === '' ? undefined : named);
  const environment = readEnvironment(sources.env);
  const layers = [
    ...(file === undefined ? [] : [await readConfigFile(file, sources.env)]),
    environment,
    flagLayer(sources.flags ?? {}),
  ];
  const merged = layers.reduce<unknown>((lower, layer) => merge(lower, layer.settings), {});
  const result = configSchema.safeParse(merged);
  if (!result.success) throw configError(layers, merged, result.error.issues);
  return { config: result.data, layers, warnings: environment.warnings };
}

interface Leaf {
  readonly path: SettingPath;
  readonly value: unknown;
}

function leavesOf(value: unknown, path: SettingPath = []): Leaf[] {
  if (!isTree(value)) return value === undefined ? [] : [{ path, value }];
  return Object.entries(value).flatMap(([key, below]) => leavesOf(below, [...path, key]));
}

function isSecretAt(path: SettingPath): boolean {
  const schema = schemaAt(path);
  return schema !== undefined && isSecret(schema);
}

/** URLs may carry a user and a password. */
function withoutUserinfo(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUserinfo);
  return typeof value === 'string' ? value.replace(/(:\/\/)[^/@]*@/, '$1(redacted)@') : value;
}

/** Every setting in effect, with its source, in the order of the schema. Secrets are not shown. */
export function describeConfig(loaded: LoadedConfig): DescribedSetting[] {
  return leavesOf(loaded.config).map(({ path, value }) => ({
    path: path.join('.'),
    value: isSecretAt(path) ? '(redacted)' : withoutUserinfo(value),
    source: decidingLayer(loaded.layers, path)?.sourceOf(path) ?? 'default',
  }));
}

/** The secrets of a configuration, for a logger to take out of whatever it writes. */
export function secretsOf({ config }: LoadedConfig): string[] {
  return leavesOf(config).flatMap(({ path, value }) =>
    isSecretAt(path) && typeof value === 'string' ? [value] : [],
  );
}
