import { KopsError } from '@kops/core';
import type { BulkCounts, BulkOptions, BulkResponse, BulkWriter } from '../bulk/bulk-port.ts';
import { createBulkWriter } from '../bulk/bulk-writer.ts';
import type { CatalogDocument } from '../documents/catalog-document.ts';
import type { IndexKind, RolloverLimits } from '../indices/index-definition.ts';
import { indexDefinitions } from '../indices/index-definitions.ts';
import { indexPatterns, kindAlias } from '../indices/index-names.ts';
import type {
  Attribution,
  CallOptions,
  Catalog,
  CatalogStatus,
  IndexStatus,
  PartitionCount,
  RecordTarget,
  SetupReport,
} from '../port.ts';
import type { RecordFilter, RecordRange } from '../search/record-query.ts';
import type { RecordSearch, SearchPage } from '../search/search-page.ts';
import { deleteByName, deleteRecords, refreshAll } from './delete-documents.ts';
import { pathOf } from './live-indices.ts';
import { RecordSearcher } from './record-search.ts';
import { attributeRecords, attributeSegments } from './attribute-documents.ts';
import { openRecordTarget } from './record-target.ts';
import { readServerInfo, type Server } from './server.ts';
import { settleRecords } from './settle-records.ts';
import { dropIndices, setupIndices } from './setup.ts';

/** What tests change. */
export interface CatalogTuning {
  readonly rollover?: RolloverLimits;
  readonly definitions?: typeof indexDefinitions;
}

const kinds = Object.keys(indexDefinitions) as IndexKind[];

/** The catalog in an Elasticsearch. */
export class ElasticsearchCatalog implements Catalog {
  readonly label: string;
  readonly prefix: string;
  readonly #server: Server;
  readonly #searcher: RecordSearcher;
  readonly #tuning: CatalogTuning;

  constructor(server: Server, prefix: string, tuning: CatalogTuning = {}) {
    this.#server = server;
    this.#tuning = tuning;
    this.label = server.label;
    this.prefix = prefix;
    this.#searcher = new RecordSearcher(server, prefix);
  }

  #context({ signal }: CallOptions) {
    return { server: this.#server, prefix: this.prefix, signal };
  }

  setup(options: CallOptions = {}): Promise<SetupReport> {
    const { definitions } = this.#tuning;
    return setupIndices({
      ...this.#context(options),
      ...(definitions === undefined ? {} : { definitions }),
    });
  }

  recordTarget(topic: string, options: CallOptions = {}): Promise<RecordTarget> {
    return openRecordTarget({ ...this.#context(options), limits: this.#tuning.rollover }, topic);
  }

  settleRecords(
    target: RecordTarget,
    range: RecordRange,
    options: CallOptions = {},
  ): Promise<number> {
    return settleRecords(this.#context(options), target, range);
  }

  openBulk(options: BulkOptions): BulkWriter {
    return createBulkWriter(
      (lines, signal) =>
        this.#server.request<BulkResponse>({
          method: 'POST',
          path: '/_bulk',
          query: { filter_path: 'items.*.status,items.*.result,items.*.error' },
          lines,
          what: 'index documents',
          signal,
        }),
      options,
    );
  }

  async put(documents: Iterable<CatalogDocument>, options: CallOptions = {}): Promise<BulkCounts> {
    await using writer = this.openBulk({
      ...options,
      onRejected: ({ index, id, reason }) => {
        throw new KopsError(
          'KOPS_ELASTICSEARCH_REFUSED',
          `${index} refuses document ${id}: ${reason}`,
          {
            at: { object: index },
            hint: 'Run kops catalog rebuild --drop with this release. If it fails again, report the document.',
          },
        );
      },
    });
    for (const { kind, id, fields } of documents) {
      const index = kindAlias(kind, this.prefix);
      await writer.add({ index, id, json: JSON.stringify(fields), requireAlias: true });
    }
    await writer.flush();
    return { ...writer.counts };
  }

  search(search: RecordSearch): Promise<SearchPage> {
    return this.#searcher.search(search);
  }

  endSearch(next: string): Promise<void> {
    return this.#searcher.endSearch(next);
  }

  count(filter: RecordFilter, { signal }: CallOptions = {}): Promise<number> {
    return this.#searcher.count(filter, signal);
  }

  recordCounts(
    filter: RecordFilter = {},
    { signal }: CallOptions = {},
  ): AsyncIterable<PartitionCount> {
    return this.#searcher.partitionCounts(filter, signal);
  }

  async status({ signal }: CallOptions = {}): Promise<CatalogStatus> {
    const { version, clusterName } = await readServerInfo(this.#server, signal);
    const indices: IndexStatus[] = [];
    for (const kind of kinds) {
      const { indices: found } = await this.#server.request<{
        indices: Record<
          string,
          { primaries: { docs?: { count: number }; store?: { size_in_bytes: number } } }
        >;
      }>({
        method: 'GET',
        path: `/${pathOf(indexPatterns(kind, this.prefix))}/_stats/docs,store`,
        query: { ignore_unavailable: true },
        what: 'read the state of indices',
        signal,
      });
      for (const [index, { primaries }] of Object.entries(found).sort())
        indices.push({
          kind,
          index,
          documents: primaries.docs?.count ?? 0,
          bytes: primaries.store?.size_in_bytes ?? 0,
        });
    }
    return { serverVersion: version, clusterName, indices };
  }

  deleteArchives(
    repository: string,
    archives: readonly string[],
    options: CallOptions = {},
  ): Promise<number> {
    return deleteByName(this.#context(options), 'archives', repository, archives);
  }

  deleteSegments(
    repository: string,
    segments: readonly string[],
    options: CallOptions = {},
  ): Promise<number> {
    return deleteByName(this.#context(options), 'segments', repository, segments);
  }

  deleteRecords(ranges: readonly RecordRange[], options: CallOptions = {}): Promise<number> {
    return deleteRecords(this.#context(options), ranges);
  }

  attributeRecords(
    ranges: readonly RecordRange[],
    attribution: Attribution,
    options: CallOptions = {},
  ): Promise<number> {
    const writer = (of: BulkOptions) => this.openBulk(of);
    return attributeRecords(this.#context(options), writer, ranges, attribution);
  }

  attributeSegments(
    segments: readonly string[],
    attribution: Attribution,
    options: CallOptions = {},
  ): Promise<number> {
    const writer = (of: BulkOptions) => this.openBulk(of);
    return attributeSegments(this.#context(options), writer, segments, attribution);
  }

  refresh(options: CallOptions = {}): Promise<void> {
    return refreshAll(this.#context(options), kinds);
  }

  drop(dropped: readonly IndexKind[] = kinds, options: CallOptions = {}): Promise<void> {
    return dropIndices(this.#context(options), dropped);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
