import type { z } from 'zod';
import { KopsError } from '@kops/core';
import { decidingLayer, isTree, valueAt, type Layer } from './layer.ts';
import { nearest } from './nearest.ts';
import { keysAt, schemaAt, type SettingPath } from './schema-paths.ts';
import { isSecret } from './settings.ts';

/** Values longer than this are not quoted. */
const maxQuoted = 60;

/** What stands at a path, for a message: quoted when it is short and certainly no secret. */
function describeValue(layers: readonly Layer[], path: SettingPath, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (isTree(value)) return 'a map';
  const schema = schemaAt(path);
  // A secret, or one that landed at a place which is none.
  if (schema === undefined || isSecret(schema)) return `a ${typeof value} (not shown)`;
  // As written: what a ${VARIABLE} stands for may be a secret.
  const written = decidingLayer(layers, path)?.writtenAt?.(path) ?? value;
  const quoted = JSON.stringify(written);
  return quoted.length > maxQuoted ? `a ${Array.isArray(value) ? 'list' : typeof value}` : quoted;
}

function describeExpected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'invalid_type' && ['object', 'record'].includes(issue.expected))
    return 'a map of settings';
  return issue.message;
}

function describeUnknownKey(path: SettingPath, key: string): string {
  const known = keysAt(path);
  const meant = nearest(key, known);
  const name = [...path, key].join('.');
  const rest =
    meant === undefined
      ? `expected one of ${known.join(', ')}`
      : `did you mean ${[...path, meant].join('.')}?`;
  return `${name}: unknown setting, ${rest}`;
}

function describeIssue(
  layers: readonly Layer[],
  merged: unknown,
  issue: z.core.$ZodIssue,
): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => describeUnknownKey(path, key));
  const source = decidingLayer(layers, path)?.sourceOf(path);
  const from = source === undefined ? '' : ` (from ${source})`;
  const got = describeValue(layers, path, valueAt(merged, path));
  return [
    `${path.join('.') || 'configuration'}: expected ${describeExpected(issue)}, got ${got}${from}`,
  ];
}

/** One KOPS_CONFIG that names every mistake. */
export function configError(
  layers: readonly Layer[],
  merged: unknown,
  issues: readonly z.core.$ZodIssue[],
): KopsError {
  const problems = issues.flatMap((issue) => describeIssue(layers, merged, issue));
  const message =
    problems.length === 1
      ? (problems[0] ?? '')
      : `${String(problems.length)} settings\n- ${problems.join('\n- ')}`;
  return new KopsError('KOPS_CONFIG', message, {
    hint: 'Correct these settings; "kops config show" prints the effective values and their sources.',
  });
}
