import type { BulkCounts, BulkOptions, BulkWriter } from './bulk/bulk-port.ts';
import type { CatalogDocument } from './documents/catalog-document.ts';
import type { IndexKind } from './indices/index-definition.ts';
import type { MigrationStep } from './indices/plan-migration.ts';
import type { RecordFilter, RecordRange } from './search/record-query.ts';
import type { RecordSearch, SearchPage } from './search/search-page.ts';

/** What {@link Catalog.setup} did. */
export interface SetupReport {
  /** Version of the server. */
  readonly serverVersion: string;
  readonly created: readonly string[];
  /** Steps that changed an index. */
  readonly migrated: readonly MigrationStep[];
  /** Indices of records that had lost the alias of their topic. */
  readonly realiased: readonly string[];
}

/** Where the records of a topic are written now. */
export interface RecordTarget {
  readonly alias: string;
  readonly index: string;
  /** Whether the topic has older indices, which may hold the same records: see {@link Catalog.settleRecords}. */
  readonly hasOthers: boolean;
}

/** An index of the catalog. */
export interface IndexStatus {
  readonly kind: IndexKind;
  readonly index: string;
  readonly documents: number;
  readonly bytes: number;
}

/** What the catalog holds. */
export interface CatalogStatus {
  readonly serverVersion: string;
  readonly clusterName: string;
  readonly indices: readonly IndexStatus[];
}

/** Records of a partition that are indexed. */
export interface PartitionCount {
  readonly lineage: string;
  readonly partition: number;
  readonly records: number;
}

/** Which archive documents name from now on, in place of archives that were retired. */
export interface Attribution {
  readonly retired: readonly string[];
  readonly archive: string;
}

/** What a call may take. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * The projection of archives that can be searched. It can be dropped and made again from the repository at any time.
 *
 * What is written is seen by searches a few seconds later, or after `refresh`. Every call fails with
 * KOPS_ELASTICSEARCH_UNREACHABLE (retryable), KOPS_ACCESS_DENIED, or KOPS_ELASTICSEARCH_REFUSED when the server does not
 * do as asked; only `openBulk` tries again by itself.
 */
export interface Catalog extends AsyncDisposable {
  /** The server for people, without credentials. */
  readonly label: string;
  /** What the names of indices begin with. */
  readonly prefix: string;

  /**
   * Puts templates, creates what is missing, and brings indices of earlier releases to this one's mapping. Doing it again changes
   * nothing. Nobody may write while indices migrate.
   * @throws KOPS_ELASTICSEARCH_UNSUPPORTED for a server that is too old
   * @throws KOPS_ELASTICSEARCH_MAPPING when a newer release made the indices, or something else has their names
   */
  setup(options?: CallOptions): Promise<SetupReport>;

  /**
   * The index that a topic's records go to, created where there is none, followed by a new one where it is full. Ask before each
   * segment and write the whole segment to it.
   */
  recordTarget(topic: string, options?: CallOptions): Promise<RecordTarget>;

  /**
   * Removes those records of a range from the other indices of a topic that the target has, too: after a roll-over, an id is
   * unique in its index only. What the target does not have stays: another segment may hold the same offsets, and more of them.
   * Resolves with the number of what was removed.
   */
  settleRecords(target: RecordTarget, range: RecordRange, options?: CallOptions): Promise<number>;

  /** Opens a writer; several may write at a time. */
  openBulk(options: BulkOptions): BulkWriter;

  /**
   * Writes documents of archives, segments, drills or events, whole.
   * @throws KOPS_ELASTICSEARCH_REFUSED when the server refuses one
   */
  put(documents: Iterable<CatalogDocument>, options?: CallOptions): Promise<BulkCounts>;

  /**
   * One page of records.
   * @throws KOPS_USAGE for a query that cannot be read, or too many ranges
   */
  search(search: RecordSearch): Promise<SearchPage>;

  /** Gives back what the server holds for a search that is not followed to its end. */
  endSearch(next: string): Promise<void>;

  /** How many records match. */
  count(filter: RecordFilter, options?: CallOptions): Promise<number>;

  /** Records per partition, for comparison with what archives show. */
  recordCounts(filter?: RecordFilter, options?: CallOptions): AsyncIterable<PartitionCount>;

  status(options?: CallOptions): Promise<CatalogStatus>;

  /** Removes archives' own documents. Their segments and records stay: others may show them. */
  deleteArchives(
    repository: string,
    archives: readonly string[],
    options?: CallOptions,
  ): Promise<number>;

  /** Removes documents of segments, by object key. */
  deleteSegments(
    repository: string,
    segments: readonly string[],
    options?: CallOptions,
  ): Promise<number>;

  /** Removes the records inside of ranges, which no archive shows any more. */
  deleteRecords(ranges: readonly RecordRange[], options?: CallOptions): Promise<number>;

  /**
   * Makes records of these ranges that name retired archives name one that shows them: some thousand of them. Resolves with their
   * number; call it again until that is 0. Nothing else of the documents changes.
   */
  attributeRecords(
    ranges: readonly RecordRange[],
    attribution: Attribution,
    options?: CallOptions,
  ): Promise<number>;

  /** The same for documents of segments, by object key. */
  attributeSegments(
    segments: readonly string[],
    attribution: Attribution,
    options?: CallOptions,
  ): Promise<number>;

  /** Makes everything written so far visible to searches. */
  refresh(options?: CallOptions): Promise<void>;

  /** Removes indices and templates; of all kinds unless some are named. */
  drop(kinds?: readonly IndexKind[], options?: CallOptions): Promise<void>;
}
