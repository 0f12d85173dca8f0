import { createHash } from 'node:crypto';
import type { RestorePlan } from './plan.ts';

/** A value that `JSON.stringify` writes without loss. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Turns a value into plain JSON: int64 as decimal strings, keys sorted, absent fields left out. */
export function toJson(value: unknown): Json {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return Object.fromEntries(entries.map(([name, field]) => [name, toJson(field)]));
  }
  if (
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'number' ||
    typeof value === 'string'
  )
    return value;
  throw new TypeError(`no JSON for a ${typeof value}`);
}

/** SHA-256 of the canonical JSON of a value, as 64 hex digits. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(toJson(value)))
    .digest('hex');
}

/** Plain JSON of a plan; offsets and timestamps are decimal strings. */
export function restorePlanToJson(plan: RestorePlan): Record<string, unknown> {
  return toJson(plan) as Record<string, unknown>;
}
