import type { IndexKind } from '../indices/index-definition.ts';
import { indexPatterns, parseIndexName } from '../indices/index-names.ts';
import type { LiveMapping } from '../indices/plan-migration.ts';
import type { Server } from './server.ts';

/** An index as it is on the server. */
export interface LiveIndex {
  readonly index: string;
  readonly mapping: LiveMapping;
  /** Aliases, and whether writes to them go here. */
  readonly aliases: ReadonlyMap<string, { readonly isWriteIndex: boolean }>;
}

interface IndexBody {
  readonly mappings?: LiveMapping;
  readonly aliases?: Readonly<Record<string, { readonly is_write_index?: boolean }>>;
}

/** Patterns as they stand in a path. */
export function pathOf(names: readonly string[]): string {
  return names.map((name) => encodeURIComponent(name).replaceAll('%2A', '*')).join(',');
}

/** The indices of a kind that there are, in the order they were made. */
export async function readLiveIndices(
  server: Server,
  kind: IndexKind,
  prefix: string,
  signal?: AbortSignal,
): Promise<LiveIndex[]> {
  return readIndices(server, indexPatterns(kind, prefix), `read the indices of ${kind}`, signal);
}

/** The indices that match patterns, in the order they were made. */
export async function readIndices(
  server: Server,
  patterns: readonly string[],
  what: string,
  signal: AbortSignal | undefined,
): Promise<LiveIndex[]> {
  const found = await server.request<Record<string, IndexBody>>({
    method: 'GET',
    path: `/${pathOf(patterns)}`,
    query: { ignore_unavailable: true, allow_no_indices: true, features: 'mappings,aliases' },
    what,
    signal,
  });
  return Object.entries(found)
    .map(([index, body]) => ({
      index,
      mapping: body.mappings ?? {},
      aliases: new Map(
        Object.entries(body.aliases ?? {}).map(([alias, { is_write_index }]) => [
          alias,
          { isWriteIndex: is_write_index === true },
        ]),
      ),
    }))
    .sort((a, b) => order(a.index) - order(b.index) || (a.index < b.index ? -1 : 1));
}

function order(index: string): number {
  return parseIndexName(index)?.counter ?? 0;
}
