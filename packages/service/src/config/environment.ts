import { KopsError } from '@kops/core';
import { isTree, merge, treeOf, valueAt, type Layer, type SettingTree } from './layer.ts';
import { nearest } from './nearest.ts';
import { settingPaths, type SettingPath } from './schema-paths.ts';

/** Environment variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Short names beside those made from the path. */
const shortNames: Readonly<Record<string, SettingPath>> = {
  KOPS_BOOTSTRAP_SERVER: ['cluster', 'bootstrapServers'],
  KOPS_ELASTICSEARCH: ['catalog', 'elasticsearch', 'node'],
  KOPS_LOG_LEVEL: ['logging', 'level'],
};

/** Variables that are not settings: read elsewhere (downloads, Java, the catalog). */
const otherVariables: ReadonlySet<string> = new Set([
  'KOPS_APICURIO_FETCH',
  'KOPS_CACHE_DIR',
  'KOPS_CONFIG',
  'KOPS_DOCKER_PULL',
  'KOPS_ELASTICSEARCH_FETCH',
  'KOPS_JAVA',
  'KOPS_MAVEN',
]);

/** What Kubernetes and Docker add for a service that is called kops-…: not written by anyone, so not checked. */
const serviceLink = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;

/** `KOPS_CLUSTER_BOOTSTRAP_SERVERS`: the variable of a setting. */
export function variableOf(path: SettingPath): string {
  const words = path.map((key) => key.replaceAll(/[A-Z]/g, '_$&').toUpperCase());
  return `KOPS_${words.join('_')}`;
}

/** Every variable that is a setting, with the path of the setting. */
export function settingVariables(): ReadonlyMap<string, SettingPath> {
  const byPath = settingPaths().map((path) => [variableOf(path), path] as const);
  return new Map([...byPath, ...Object.entries(shortNames)]);
}

function isForeign(name: string, extra: readonly string[]): boolean {
  return (
    !name.startsWith('KOPS_') ||
    otherVariables.has(name) ||
    extra.includes(name) ||
    name.startsWith('KOPS_TEST_') ||
    serviceLink.test(name)
  );
}

function unknownVariable(name: string, known: readonly string[]): never {
  const meant = nearest(name, known);
  throw new KopsError('KOPS_CONFIG', `unknown environment variable ${name}`, {
    hint:
      (meant === undefined ? 'Unset it' : `Did you mean ${meant}? Otherwise unset it`) +
      ': names that begin with KOPS_ are settings, and one that is ignored would mislead.',
  });
}

/**
 * The settings of the environment. Empty variables count as unset. An unknown `KOPS_*` variable is an error, except those that
 * container platforms add for services (`KOPS_…_SERVICE_HOST`, `KOPS_…_PORT`), `KOPS_TEST_*` and `extraVariables`.
 * @throws KOPS_CONFIG
 */
export function readEnvironment(
  environment: Environment,
  extraVariables: readonly string[] = [],
): Layer {
  const variables = settingVariables();
  const named = new Map<string, string>();
  let settings: SettingTree = {};
  // Parents before what is below them (KOPS_CLUSTER_TLS before KOPS_CLUSTER_TLS_CA_FILE), whatever the order of the environment.
  for (const name of Object.keys(environment).sort()) {
    const value = environment[name];
    if (value === undefined || value === '') continue;
    const path = variables.get(name);
    if (path === undefined) {
      if (isForeign(name, extraVariables)) continue;
      unknownVariable(name, [...variables.keys(), ...otherVariables]);
    }
    const there = valueAt(settings, path);
    if (there !== undefined && !isTree(there) && there !== value) {
      throw new KopsError(
        'KOPS_CONFIG',
        `${named.get(path.join('.')) ?? ''} and ${name} name different values`,
        {
          hint: 'They are two names of one setting: unset one of them.',
        },
      );
    }
    named.set(path.join('.'), name);
    settings = merge(settings, treeOf(path, value)) as SettingTree;
  }
  return {
    settings,
    sourceOf: (path) => named.get(path.join('.')) ?? sourceAbove(named, path),
  };
}

function sourceAbove(named: ReadonlyMap<string, string>, path: SettingPath): string {
  const at = path.findLastIndex((_, index) => named.has(path.slice(0, index + 1).join('.')));
  return named.get(path.slice(0, at + 1).join('.')) ?? 'environment';
}
