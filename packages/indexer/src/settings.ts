import type { RecordRule } from '@kops/catalog';
import type { ElasticsearchSettings } from '@kops/catalog/elasticsearch';
import type { SchemaRegistrySettings } from '@kops/schema-registry';

/** What an indexer needs to know. Plain data: it is handed to threads, which open and connect by themselves. */
export interface IndexerSettings {
  /** `file:///absolute/path` or a path. */
  readonly repositoryUrl: string;
  readonly elasticsearch: ElasticsearchSettings;
  /** Which topics' records are indexed, and how: the checked `catalog.records`. */
  readonly records: readonly RecordRule[];
  /** Makes hashes HMACs: `catalog.hashKey`. */
  readonly hashKey?: string;
  /** Decodes keys and values that a registry's serializers wrote. */
  readonly schemaRegistry?: SchemaRegistrySettings;
}

/** Bounds. With the defaults a process with one thread that indexes stays at some 500 MiB (RSS, records of 1 KiB at `full`), whatever there is to index. */
export interface IndexerLimits {
  /** Threads that decode records and make documents. @defaultValue 2, but one less than there are cores, at least 1 */
  readonly workers: number;
  /** Plaintext bytes of a segment between two positions. @defaultValue 32 MiB */
  readonly pieceBytes: number;
  /** Pieces that a thread has at hand: while one waits for Elasticsearch, the next is read. @defaultValue 2 */
  readonly piecesPerWorker: number;
  /** Bytes of a bulk request. @defaultValue 5 MiB */
  readonly maxRequestBytes: number;
  /** Bulk requests under way per piece. @defaultValue 2 */
  readonly requestsPerPiece: number;
}
