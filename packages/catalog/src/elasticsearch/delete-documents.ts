import { KopsError } from '@kops/core';
import { archiveDocumentId, segmentDocumentId } from '../documents/archive-document.ts';
import type { IndexKind } from '../indices/index-definition.ts';
import { indexPatterns, kindAlias } from '../indices/index-names.ts';
import { rangeClause, type RecordRange } from '../search/record-query.ts';
import { pathOf } from './live-indices.ts';
import type { Server } from './server.ts';

/** Deletes by query take as long as they take; this is to end a wait for a server that hangs. */
const deleteTimeoutMs = 60 * 60 * 1000;

/** Clauses or ids of one request. */
const perRequest = 500;

/** What changes by query take. */
export interface QueryContext {
  readonly server: Server;
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
}

/** Clauses or ids in parts that one request takes. */
export function* partsOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += perRequest)
    yield items.slice(from, from + perRequest);
}

/** Deletes what matches; resolves with the number of documents. */
export async function deleteByQuery(
  { server, signal }: QueryContext,
  path: string,
  query: object,
  what: string,
): Promise<number> {
  const { deleted, failures } = await server.request<{
    deleted: number;
    failures?: readonly unknown[];
  }>({
    method: 'POST',
    path: `${path}/_delete_by_query`,
    // What changes under the query is written again by somebody, and is found by the next.
    query: { conflicts: 'proceed', refresh: true, ignore_unavailable: true },
    body: { query },
    what,
    timeoutMs: deleteTimeoutMs,
    signal,
  });
  if (failures !== undefined && failures.length > 0) {
    throw new KopsError(
      'KOPS_ELASTICSEARCH_REFUSED',
      `cannot ${what}: ${failures.length} failures`,
      {
        hint: "Check Elasticsearch's log, then try again.",
      },
    );
  }
  return deleted;
}

/** See `Catalog.deleteRecords`. */
export async function deleteRecords(
  context: QueryContext,
  ranges: readonly RecordRange[],
): Promise<number> {
  const path = `/${pathOf(indexPatterns('records', context.prefix))}`;
  await refreshIndices(context, path);
  let deleted = 0;
  for (const part of partsOf(ranges)) {
    const query = { bool: { should: part.map(rangeClause), minimum_should_match: 1 } };
    deleted += await deleteByQuery(context, path, query, 'remove records');
  }
  return deleted;
}

/** Deletes documents of archives or segments by what they are about. */
export async function deleteByName(
  context: QueryContext,
  kind: 'archives' | 'segments',
  repository: string,
  names: readonly string[],
): Promise<number> {
  const idOf = kind === 'archives' ? archiveDocumentId : segmentDocumentId;
  const path = `/${encodeURIComponent(kindAlias(kind, context.prefix))}`;
  if (names.length > 0) await refreshIndices(context, path);
  let deleted = 0;
  for (const part of partsOf(names)) {
    const query = { ids: { values: part.map((name) => idOf(repository, name)) } };
    deleted += await deleteByQuery(context, path, query, `remove ${kind}`);
  }
  return deleted;
}

/** Makes what was written to indices visible to the queries that follow. */
export async function refreshIndices(
  { server, signal }: QueryContext,
  path: string,
): Promise<void> {
  await server.request({
    method: 'POST',
    path: `${path}/_refresh`,
    query: { ignore_unavailable: true },
    what: 'make what was written visible',
    signal,
  });
}

/** See `Catalog.refresh`. */
export async function refreshAll(
  context: QueryContext,
  kinds: readonly IndexKind[],
): Promise<void> {
  const patterns = kinds.flatMap((kind) => indexPatterns(kind, context.prefix));
  await refreshIndices(context, `/${pathOf(patterns)}`);
}
