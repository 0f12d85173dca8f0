import { open } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { KopsError } from '@kops/core';
import type { Environment } from './environment.ts';
import { isTree, valueAt, type Layer, type SettingTree } from './layer.ts';

/** Far above any real configuration; a wrong path must not fill the memory. */
const maxFileBytes = 1024 * 1024;

function refuse(file: string, why: string, hint: string, cause?: unknown): never {
  throw new KopsError('KOPS_CONFIG', `configuration file ${file}: ${why}`, {
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

async function readText(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size > maxFileBytes)
        refuse(file, `the file is larger than ${String(maxFileBytes)} bytes`, 'Check the path.');
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (KopsError.is(error)) throw error;
    return refuse(file, (error as Error).message, 'Check the path given with --config.', error);
  }
}

function parseYaml(file: string, text: string): SettingTree {
  const document = parseDocument(text, { prettyErrors: true });
  const mistake = document.errors[0] ?? document.warnings[0];
  if (mistake !== undefined) {
    // The first line alone: the following ones quote the file, which may hold a password.
    const [message = ''] = mistake.message.split('\n');
    refuse(file, message.replace(/:$/, ''), 'Correct the YAML at that line and column.');
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    refuse(file, (error as Error).message, 'Replace the aliases with their values.', error);
  }
  if (value === null || value === undefined) return {};
  if (!isTree(value))
    refuse(
      file,
      'the file is not a map of settings',
      'Start the file with a setting such as "cluster:".',
    );
  return value;
}

type Substitute = (text: string, path: readonly string[]) => string;

/** The tree with every text substituted; settings without value (`backup:`) are left out as if not written. */
function mapTexts(value: unknown, substitute: Substitute, path: readonly string[] = []): unknown {
  if (typeof value === 'string') return substitute(value, path);
  if (Array.isArray(value)) {
    return value.map((item, at) => mapTexts(item, substitute, [...path, String(at)]));
  }
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, below]) => below !== null)
      .map(([key, below]) => [key, mapTexts(below, substitute, [...path, key])]),
  );
}

/** `${NAME}` becomes the variable's value, `$${` a plain `${`. What a variable holds is not substituted again. */
function substituteVariables(file: string, environment: Environment): Substitute {
  return (text, path) =>
    text.replaceAll(/\$\$\{|\$\{([^}]*)\}?/g, (match, name: string | undefined) => {
      if (match === '$${') return '${';
      const where = `setting ${path.join('.')}`;
      if (!match.endsWith('}') || name === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        refuse(
          file,
          `${where} has an invalid variable reference after \${`,
          'Write ${NAME}, or $${ for a literal ${.',
        );
      }
      const value = environment[name];
      if (value === undefined) {
        refuse(
          file,
          `${where} needs the environment variable ${name}`,
          `Set ${name}, or write the value in the file.`,
        );
      }
      return value;
    });
}

/**
 * Reads a YAML file of settings.
 * @throws KOPS_CONFIG when it cannot be read, is no YAML or names an environment variable that is not set.
 */
export async function readConfigFile(file: string, environment: Environment): Promise<Layer> {
  const written = parseYaml(file, await readText(file));
  return {
    settings: mapTexts(written, substituteVariables(file, environment)) as SettingTree,
    sourceOf: () => file,
    writtenAt: (path) => valueAt(written, path),
  };
}
