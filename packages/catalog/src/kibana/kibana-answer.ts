import { KopsError, counted, type ErrorCode } from '@kops/core';
import { z } from 'zod';
import type { KibanaAnswer } from './kibana-request.ts';
import type { KibanaPlan } from './kibana-settings.ts';

/** An object that Kibana took. */
export interface ImportedObject {
  readonly type: string;
  readonly id: string;
  /** Id that it has in this space, where the same id was taken by an object of another space. */
  readonly destinationId?: string;
}

const statusSchema = z.object({ version: z.object({ number: z.string() }).optional() });

const objectSchema = z.object({
  type: z.string(),
  id: z.string(),
  destinationId: z.string().optional(),
});

const failureSchema = z.object({
  type: z.string(),
  id: z.string(),
  error: z.object({
    type: z.string(),
    message: z.string().optional(),
    references: z.array(z.object({ type: z.string(), id: z.string() })).optional(),
  }),
});

const importSchema = z.object({
  success: z.boolean(),
  successResults: z.array(objectSchema).default([]),
  errors: z.array(failureSchema).default([]),
});

const errorSchema = z.object({ message: z.string() });

const minimumMajor = 9;
const listedFailures = 20;
const reasonCharacters = 600;

function failure(plan: KibanaPlan, code: ErrorCode, reason: string, hint: string): KopsError {
  const clean = plan.secrets.reduce(
    (text, secret) => text.replaceAll(secret, '[redacted]'),
    reason,
  );
  return new KopsError(code, `${plan.base}: ${clean}`, { at: { object: plan.base }, hint });
}

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Fails for a status that is no success.
 * @throws KOPS_ACCESS_DENIED, KOPS_KIBANA_REFUSED
 */
export function judgeAnswer(plan: KibanaPlan, { status, text }: KibanaAnswer): void {
  if (status === 200) return;
  const said = parse(errorSchema, text)?.message.slice(0, reasonCharacters);
  const reason = said ?? `status ${String(status)}`;
  if (status === 401) {
    throw failure(
      plan,
      'KOPS_ACCESS_DENIED',
      reason,
      'Check KOPS_KIBANA_USERNAME and KOPS_KIBANA_PASSWORD, or KOPS_KIBANA_API_KEY.',
    );
  }
  if (status === 403) {
    throw failure(
      plan,
      'KOPS_ACCESS_DENIED',
      reason,
      `Give the user or API key the right to manage saved objects in the space '${plan.space}': docs/CATALOG.md says which.`,
    );
  }
  const isSpace = status === 404 && plan.space !== 'default';
  throw failure(
    plan,
    'KOPS_KIBANA_REFUSED',
    reason,
    isSpace
      ? `Check that the space '${plan.space}' exists, and the base path in the address.`
      : 'Check the address, with the base path where Kibana has one, and the log of Kibana.',
  );
}

/**
 * The version that `/api/status` tells; undefined where it tells none, as to people who are not signed in.
 * @throws KOPS_REFUSED for one that is too old, KOPS_KIBANA_REFUSED for what is no Kibana
 */
export function judgeVersion(plan: KibanaPlan, answer: KibanaAnswer): string | undefined {
  judgeAnswer(plan, answer);
  const status = parse(statusSchema, answer.text);
  if (status === undefined)
    throw failure(
      plan,
      'KOPS_KIBANA_REFUSED',
      'the server is not Kibana',
      'Check the address, with the base path where Kibana has one.',
    );
  const version = status.version?.number;
  if (version !== undefined && !(Number.parseInt(version, 10) >= minimumMajor))
    throw failure(
      plan,
      'KOPS_REFUSED',
      `Kibana is version ${version.slice(0, 40)}; the dashboards need ${String(minimumMajor)} or later`,
      'Update Kibana to the version of Elasticsearch.',
    );
  return version;
}

/**
 * The objects that were taken.
 * @throws KOPS_KIBANA_REFUSED that names each that was not
 */
export function readImport(plan: KibanaPlan, { text }: KibanaAnswer): ImportedObject[] {
  const result = parse(importSchema, text);
  if (result === undefined)
    throw failure(plan, 'KOPS_KIBANA_REFUSED', 'its answer cannot be read', 'Check the address.');
  const { success, errors, successResults } = result;
  if (success && errors.length === 0)
    return successResults.map(({ type, id, destinationId }) => ({
      type,
      id,
      ...(destinationId === undefined ? {} : { destinationId }),
    }));
  const named = errors.slice(0, listedFailures).map(describeFailure);
  const more = errors.length - named.length;
  throw failure(
    plan,
    'KOPS_KIBANA_REFUSED',
    `does not take ${counted(errors.length, 'object')}: ${named.join('; ')}${more > 0 ? `; and ${counted(more, 'other')}` : ''}`,
    'The others may have been written. Correct what is named, and run it again.',
  );
}

/** `dashboard kops-dashboard-drills (missing_references: index-pattern kops-drills)`. */
function describeFailure({ type, id, error }: z.output<typeof failureSchema>): string {
  const references = error.references?.map((to) => `${to.type} ${to.id}`) ?? [];
  const details = [error.message ?? '', ...references].filter((detail) => detail !== '');
  const why = details.length === 0 ? error.type : `${error.type}: ${details.join(', ')}`;
  return `${type} ${id} (${why.slice(0, reasonCharacters)})`;
}
