import { indexPatterns } from '../indices/index-names.ts';
import { KopsError } from '@kops/core';
import type { PartitionCount } from '../port.ts';
import { recordQuery, searchedFields, type RecordFilter } from '../search/record-query.ts';
import {
  decodePageEnd,
  encodePageEnd,
  type PageEnd,
  type RecordHit,
  type RecordSearch,
  type SearchPage,
} from '../search/search-page.ts';
import { pathOf } from './live-indices.ts';
import type { Server } from './server.ts';

/** How long the server holds a search between two pages. */
const keepAlive = '2m';

const defaultSize = 20;

/** Rather an error than an answer without the shards that failed. */
const whole = { allow_partial_search_results: false } as const;

/** Largest offset the highlighter looks at: longer texts are cut when they are indexed. */
const maxAnalyzedOffset = 999_999;

interface HitBody {
  readonly _source: {
    readonly kafka: Readonly<Record<string, unknown>>;
    readonly kops: Readonly<Record<string, unknown>>;
  } & Readonly<Record<string, unknown>>;
  readonly highlight?: Readonly<Record<string, readonly string[]>>;
  readonly sort: readonly unknown[];
}

interface SearchBody {
  readonly pit_id?: string;
  readonly hits: {
    readonly total: { readonly value: number; readonly relation: string };
    readonly hits: readonly HitBody[];
  };
}

/** Searches and counts in the indices of records. */
export class RecordSearcher {
  readonly #server: Server;
  readonly #path: string;

  constructor(server: Server, prefix: string) {
    this.#server = server;
    this.#path = `/${pathOf(indexPatterns('records', prefix))}`;
  }

  async search(search: RecordSearch): Promise<SearchPage> {
    const { after, signal, size = defaultSize } = search;
    const from =
      after === undefined
        ? { pointInTime: await this.#openPointInTime(signal), sort: [] }
        : decodePageEnd(after);
    const body = await this.#page(search, from, size);
    const last = body.hits.hits.at(-1);
    const pointInTime = body.pit_id ?? from.pointInTime;
    const isLast = last === undefined || body.hits.hits.length < size;
    if (isLast && pointInTime !== undefined) await this.#closePointInTime(pointInTime);
    return {
      hits: body.hits.hits.map(toHit),
      total: body.hits.total.value,
      isTotalExact: body.hits.total.relation === 'eq',
      next: isLast ? undefined : encodePageEnd({ pointInTime, sort: last.sort }),
    };
  }

  async #page(search: RecordSearch, from: PageEnd, size: number): Promise<SearchBody> {
    const direction = search.order === 'oldest' ? 'asc' : 'desc';
    const isHeld = from.pointInTime !== undefined;
    try {
      return await this.#server.request<SearchBody>({
        method: 'POST',
        path: isHeld ? '/_search' : `${this.#path}/_search`,
        query: { ...whole, ...(isHeld ? {} : { ignore_unavailable: true }) },
        body: {
          query: recordQuery(search),
          size,
          track_total_hits: true,
          // A total order without the time of a held search too: no two records have the same last three.
          sort: ['kafka.timestamp', 'kops.lineage', 'kafka.partition', 'kafka.offset'].map(
            (field) => ({ [field]: { order: direction } }),
          ),
          ...(isHeld ? { pit: { id: from.pointInTime, keep_alive: keepAlive } } : {}),
          ...(from.sort.length === 0 ? {} : { search_after: from.sort }),
          ...highlighting(search),
        },
        what: 'search records',
        signal: search.signal,
      });
    } catch (error) {
      throw asQueryError(error);
    }
  }

  async count(filter: RecordFilter, signal: AbortSignal | undefined): Promise<number> {
    const { count, _shards } = await this.#server
      .request<{ count: number; _shards: { failed: number } }>({
        method: 'POST',
        path: `${this.#path}/_count`,
        query: { ignore_unavailable: true },
        body: { query: recordQuery(filter) },
        what: 'count records',
        signal,
      })
      .catch((error: unknown) => {
        throw asQueryError(error);
      });
    if (_shards.failed > 0) {
      throw new KopsError(
        'KOPS_ELASTICSEARCH_UNREACHABLE',
        `Elasticsearch at ${this.#server.label} cannot count records: ${_shards.failed} shards failed`,
        { hint: 'Wait until the indices are green or yellow.' },
      );
    }
    return count;
  }

  async *partitionCounts(
    filter: RecordFilter,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<PartitionCount> {
    let after: object | undefined;
    do {
      const { aggregations } = await this.#server.request<{ aggregations?: CountBody }>({
        method: 'POST',
        path: `${this.#path}/_search`,
        query: { ...whole, ignore_unavailable: true },
        body: { size: 0, query: recordQuery(filter), aggs: { partitions: countsAfter(after) } },
        what: 'count records per partition',
        signal,
      });
      after = aggregations?.partitions.after_key;
      for (const { key, doc_count } of aggregations?.partitions.buckets ?? [])
        yield { lineage: key.lineage, partition: key.partition, records: doc_count };
    } while (after !== undefined);
  }

  /** Pages then show the state of the first; a server or a role without this right does without. */
  async #openPointInTime(signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      const { id } = await this.#server.request<{ id: string }>({
        method: 'POST',
        path: `${this.#path}/_pit`,
        query: { keep_alive: keepAlive, ignore_unavailable: true },
        what: 'hold a search',
        signal,
      });
      return id;
    } catch (error) {
      if (
        KopsError.is(error, 'KOPS_ACCESS_DENIED') ||
        KopsError.is(error, 'KOPS_ELASTICSEARCH_REFUSED')
      )
        return undefined;
      throw error;
    }
  }

  async endSearch(next: string): Promise<void> {
    const { pointInTime } = decodePageEnd(next);
    if (pointInTime !== undefined) await this.#closePointInTime(pointInTime);
  }

  async #closePointInTime(id: string): Promise<void> {
    await this.#server.requestUnless(['search_context_missing_exception'], {
      method: 'DELETE',
      path: '/_pit',
      body: { id },
      what: 'end a search',
    });
  }
}

interface CountBody {
  readonly partitions: {
    readonly after_key?: object;
    readonly buckets: readonly {
      readonly key: { readonly lineage: string; readonly partition: number };
      readonly doc_count: number;
    }[];
  };
}

function countsAfter(after: object | undefined): object {
  return {
    composite: {
      size: 1000,
      sources: [
        { lineage: { terms: { field: 'kops.lineage' } } },
        { partition: { terms: { field: 'kafka.partition' } } },
      ],
      ...(after === undefined ? {} : { after }),
    },
  };
}

function highlighting({ highlight, query }: RecordSearch): object {
  if (highlight === undefined || query === undefined) return {};
  return {
    highlight: {
      pre_tags: [highlight.before],
      post_tags: [highlight.after],
      fragment_size: 120,
      number_of_fragments: 3,
      max_analyzed_offset: maxAnalyzedOffset,
      fields: Object.fromEntries(searchedFields.map((field) => [field, {}])),
    },
  };
}

/** A query that cannot be read is the caller's mistake, and an expired place to go on from is not found any more. */
function asQueryError(error: unknown): unknown {
  if (!KopsError.is(error, 'KOPS_ELASTICSEARCH_REFUSED')) return error;
  const reason = /Failed to parse query \[[\s\S]*\]/.exec(error.message)?.[0];
  if (reason !== undefined)
    return new KopsError('KOPS_USAGE', reason, {
      hint: 'Put special characters in double quotes, or escape them with a backslash.',
      cause: error,
    });
  if (/No search context found|search_context_missing/.test(error.message))
    return new KopsError('KOPS_USAGE', 'the search has expired', {
      hint: 'Run the search again without --next.',
      cause: error,
    });
  return error;
}

function toHit({ _source: source, highlight }: HitBody): RecordHit {
  const { kafka, kops } = source;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const whole = (value: unknown): bigint =>
    typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : -1n;
  return {
    cluster: text(kops['cluster']),
    topicId: text(kops['topic_id']),
    topic: text(kafka['topic']),
    partition: Number(kafka['partition']),
    offset: whole(kafka['offset']),
    timestamp: whole(kafka['timestamp']),
    lineage: text(kops['lineage']),
    archive: text(kops['archive']),
    segment: text(kops['segment']),
    fields: source,
    highlights: highlight ?? {},
  };
}
