import { KopsError } from '@kops/core';
import type { BulkOptions, BulkWriter } from '../bulk/bulk-port.ts';
import { indexPatterns, kindAlias } from '../indices/index-names.ts';
import type { Attribution } from '../port.ts';
import { rangeClause, type RecordRange } from '../search/record-query.ts';
import { partsOf, refreshIndices, type QueryContext } from './delete-documents.ts';
import { pathOf } from './live-indices.ts';

/** Documents that are read and written again at a time: with values of 64 KiB, a hundred are some 15 MiB. */
const pageSize = 100;

/** Documents of one call at most. */
const perCall = 5000;

interface Found {
  readonly hits: {
    readonly hits: readonly {
      readonly _index: string;
      readonly _id: string;
      readonly _source: { readonly kops: Readonly<Record<string, unknown>> };
      readonly sort: unknown;
    }[];
  };
}

type OpenBulk = (options: BulkOptions) => BulkWriter;

/** See `Catalog.attributeRecords`. */
export async function attributeRecords(
  context: QueryContext,
  openBulk: OpenBulk,
  ranges: readonly RecordRange[],
  attribution: Attribution,
): Promise<number> {
  const path = `/${pathOf(indexPatterns('records', context.prefix))}`;
  const sort = ['kops.segment', 'kafka.offset', '_index'];
  return attribute({ context, openBulk, path, sort, attribution }, ranges.map(rangeClause));
}

/** See `Catalog.attributeSegments`. */
export async function attributeSegments(
  context: QueryContext,
  openBulk: OpenBulk,
  segments: readonly string[],
  attribution: Attribution,
): Promise<number> {
  const path = `/${encodeURIComponent(kindAlias('segments', context.prefix))}`;
  const clauses = segments.map((segment) => ({ term: { 'kops.segment': segment } }));
  const sort = ['kops.segment', '_index'];
  return attribute({ context, openBulk, path, sort, attribution }, clauses);
}

interface Attributing {
  readonly context: QueryContext;
  readonly openBulk: OpenBulk;
  readonly path: string;
  /** A total order. */
  readonly sort: readonly string[];
  readonly attribution: Attribution;
}

async function attribute(
  work: Attributing,
  clauses: readonly Readonly<Record<string, unknown>>[],
): Promise<number> {
  await refreshIndices(work.context, work.path);
  let changed = 0;
  for (const part of partsOf(clauses)) {
    changed += await attributePart(work, part, perCall - changed);
    if (changed >= perCall) break;
  }
  return changed;
}

async function attributePart(
  { context, openBulk, path, sort, attribution }: Attributing,
  clauses: readonly object[],
  most: number,
): Promise<number> {
  const { server, signal } = context;
  const { retired, archive } = attribution;
  const query = {
    bool: {
      filter: [{ terms: { 'kops.archive': retired } }],
      should: clauses,
      minimum_should_match: 1,
    },
  };
  await using writer = openBulk({
    onRejected: refuse,
    ...(signal === undefined ? {} : { signal }),
  });
  for (let after: unknown; writer.counts.added < most;) {
    const { hits } = (
      await server.request<Found>({
        method: 'POST',
        path: `${path}/_search`,
        query: { allow_partial_search_results: false, ignore_unavailable: true },
        body: {
          query,
          size: pageSize,
          track_total_hits: false,
          sort,
          ...(after === undefined ? {} : { search_after: after }),
        },
        // The server would lose digits of numbers if it changed a field by itself.
        keepsDigits: true,
        what: 'look for what names a retired archive',
        signal,
      })
    ).hits;
    for (const { _index: index, _id: id, _source: source } of hits) {
      const json = JSON.stringify({ ...source, kops: { ...source.kops, archive } });
      await writer.add({ index, id, json });
    }
    if (hits.length < pageSize) break;
    after = hits.at(-1)?.sort;
  }
  await writer.flush();
  return writer.counts.added;
}

function refuse({ index, id, reason }: { index: string; id: string; reason: string }): never {
  throw new KopsError(
    'KOPS_ELASTICSEARCH_REFUSED',
    `${index} refuses document ${id} under the name of another archive: ${reason}`,
    {
      at: { object: index },
      hint: 'Run kops catalog rebuild --drop with this release.',
    },
  );
}
