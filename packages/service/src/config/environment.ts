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

/** Variables of kOps, the installer of Kubernetes clusters: never mistaken for settings. */
const kubernetesKops: ReadonlySet<string> = new Set([
  'KOPS_ARCH',
  'KOPS_BASE_URL',
  'KOPS_CLUSTER_NAME',
  'KOPS_CONTROLLER_IMAGE',
  'KOPS_DISCOVERY_STORE',
  'KOPS_FEATURE_FLAGS',
  'KOPS_RUN_OBSOLETE_VERSION',
  'KOPS_RUN_TOO_NEW_VERSION',
  'KOPS_STATE_S3_ACL',
  'KOPS_STATE_STORE',
  'KOPS_VERSION',
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

const prefix = 'KOPS_';

function isForeign(name: string): boolean {
  return (
    !name.startsWith(prefix) ||
    otherVariables.has(name) ||
    kubernetesKops.has(name) ||
    name.startsWith('KOPS_TEST_') ||
    serviceLink.test(name)
  );
}

/** A warning about a variable that is close to the name of a setting; undefined for any other name. */
function misspelling(name: string, known: readonly string[]): string | undefined {
  // A quarter of the letters: what differs more is another program's variable.
  const most = Math.max(1, Math.floor((name.length - prefix.length) / 4));
  const meant = nearest(name, known, most);
  return meant === undefined
    ? undefined
    : `the environment variable ${name} is ignored: it is not a kops setting. Did you mean ${meant}?`;
}

/** What the environment says. */
export interface EnvironmentLayer extends Layer {
  /** About variables that look like misspelt settings and are ignored; names only, never values. */
  readonly warnings: readonly string[];
}

/**
 * The settings of the environment. Empty variables count as unset. An unknown `KOPS_*` variable is never an error, since other programs
 * have the prefix too; one that is close to the name of a setting gives a warning.
 * @throws KOPS_CONFIG when two names of one setting have different values
 */
export function readEnvironment(environment: Environment): EnvironmentLayer {
  const variables = settingVariables();
  const known = [...variables.keys(), ...otherVariables];
  const warnings: string[] = [];
  const named = new Map<string, string>();
  let settings: SettingTree = {};
  // Parents before what is below them (KOPS_CLUSTER_TLS before KOPS_CLUSTER_TLS_CA_FILE), whatever the order of the environment.
  for (const name of Object.keys(environment).sort()) {
    const value = environment[name];
    if (value === undefined || value === '') continue;
    const path = variables.get(name);
    if (path === undefined) {
      const warning = isForeign(name) ? undefined : misspelling(name, known);
      if (warning !== undefined) warnings.push(warning);
      continue;
    }
    const there = valueAt(settings, path);
    if (there !== undefined && !isTree(there) && there !== value) {
      throw new KopsError(
        'KOPS_CONFIG',
        `${named.get(path.join('.')) ?? ''} and ${name} have different values`,
        {
          hint: 'Unset one of them: both are names of the same setting.',
        },
      );
    }
    named.set(path.join('.'), name);
    settings = merge(settings, treeOf(path, value)) as SettingTree;
  }
  return {
    settings,
    warnings,
    sourceOf: (path) => named.get(path.join('.')) ?? sourceAbove(named, path),
  };
}

function sourceAbove(named: ReadonlyMap<string, string>, path: SettingPath): string {
  const at = path.findLastIndex((_, index) => named.has(path.slice(0, index + 1).join('.')));
  return named.get(path.slice(0, at + 1).join('.')) ?? 'environment';
}
