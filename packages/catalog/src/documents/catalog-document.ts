import type { IndexKind } from '../indices/index-definition.ts';

/** A document of one of the catalog's own indices; indexing it again replaces it. */
export interface CatalogDocument {
  readonly kind: Exclude<IndexKind, 'records'>;
  readonly id: string;
  /** Numbers beyond 2^53 are written with all digits by `JSON.stringify`. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A time as ECS has it; undefined where the text is none. */
export function parseTime(text: string | undefined): string | undefined {
  const ms = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** ECS `event.start`, `event.end` and `event.duration` (in nanoseconds). */
export function eventSpan(startedAt: string, endedAt?: string): Record<string, unknown> {
  const start = parseTime(startedAt);
  const end = parseTime(endedAt);
  const ms = start === undefined || end === undefined ? NaN : Date.parse(end) - Date.parse(start);
  return defined({ start, end, duration: ms >= 0 ? Math.round(ms * 1e6) : undefined });
}

/** The fields that have a value. */
export function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** The first of many: a document is read by people, and the report has all. */
export function firstOf<T>(items: readonly T[], most: number): readonly T[] | undefined {
  return items.length === 0 ? undefined : items.slice(0, most);
}
