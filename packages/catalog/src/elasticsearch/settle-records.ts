import type { RecordTarget } from '../port.ts';
import { rangeClause, type RecordRange } from '../search/record-query.ts';
import { deleteByQuery, refreshIndices, type QueryContext } from './delete-documents.ts';

/** Documents that are looked at in one go: as many as a search gives. */
const pageSize = 10_000;

interface Ids {
  readonly hits: { readonly hits: readonly { readonly _id: string; readonly sort?: unknown }[] };
}

/** See `Catalog.settleRecords`. */
export async function settleRecords(
  context: QueryContext,
  target: RecordTarget,
  range: RecordRange,
): Promise<number> {
  if (!target.hasOthers) return 0;
  const path = `/${encodeURIComponent(target.alias)}`;
  await refreshIndices(context, path);
  let deleted = 0;
  for (let after: unknown; ;) {
    const { hits } = (await searchOthers(context, target, range, after)).hits;
    const ids = hits.map(({ _id }) => _id);
    const replaced = ids.length === 0 ? [] : await findIn(context, target.index, ids);
    if (replaced.length > 0) {
      const query = {
        bool: { filter: [{ ids: { values: replaced } }], must_not: [isIn(target.index)] },
      };
      deleted += await deleteByQuery(context, path, query, 'remove records from older indices');
    }
    if (hits.length < pageSize) return deleted;
    after = hits.at(-1)?.sort;
  }
}

const isIn = (index: string) => ({ term: { _index: index } });

/** Ids of the documents of a range that are in other indices than the target. */
function searchOthers(
  { server, signal }: QueryContext,
  { alias, index }: RecordTarget,
  range: RecordRange,
  after: unknown,
): Promise<Ids> {
  return server.request<Ids>({
    method: 'POST',
    path: `/${encodeURIComponent(alias)}/_search`,
    query: { allow_partial_search_results: false },
    body: {
      query: { bool: { filter: [rangeClause(range)], must_not: [isIn(index)] } },
      size: pageSize,
      _source: false,
      track_total_hits: false,
      // No two have the same of both.
      sort: [{ 'kafka.offset': 'asc' }, { _index: 'asc' }],
      ...(after === undefined ? {} : { search_after: after }),
    },
    what: 'look for records in older indices',
    signal,
  });
}

/** Which of these ids an index has. */
async function findIn(
  { server, signal }: QueryContext,
  index: string,
  ids: readonly string[],
): Promise<string[]> {
  const { hits } = await server.request<Ids>({
    method: 'POST',
    path: `/${encodeURIComponent(index)}/_search`,
    query: { allow_partial_search_results: false },
    body: {
      query: { ids: { values: [...new Set(ids)] } },
      size: pageSize,
      _source: false,
      track_total_hits: false,
    },
    what: 'look for records in the newest index',
    signal,
  });
  return hits.hits.map(({ _id }) => _id);
}
