import type { KopsError, RetryPolicy } from '@kops/core';

/** One document on its way into an index. */
export interface BulkItem {
  /** Name of an index, or of an alias with `requireAlias`. */
  readonly index: string;
  readonly id: string;
  /** The document as JSON, in one line. */
  readonly json: string;
  readonly pipeline?: string | undefined;
  /** Whether `index` must be an alias: a missing one is then not created as an index. */
  readonly requireAlias?: boolean;
}

/** A document that Elasticsearch refused, and why. Sending it again would not help. */
export interface RejectedDocument {
  readonly index: string;
  readonly id: string;
  readonly json: string;
  readonly status: number;
  /** Elasticsearch's name for the reason, e.g. `document_parsing_exception`. */
  readonly type: string;
  readonly reason: string;
}

/** What became of the documents so far. */
export interface BulkCounts {
  readonly added: number;
  readonly created: number;
  /** Were there already; replaced by the same id. */
  readonly updated: number;
  /** Left out by an ingest pipeline. */
  readonly dropped: number;
  readonly rejected: number;
  readonly requests: number;
  /** Requests, or parts of them, that were sent again. */
  readonly retries: number;
  readonly bytes: number;
}

/** How documents are sent. */
export interface BulkOptions {
  /**
   * Gets each document that Elasticsearch refused: a dead letter. Called before `flush` resolves, and awaited; when it
   * throws, the writer fails, since a document would be lost.
   */
  readonly onRejected: (document: RejectedDocument) => void | Promise<void>;
  /** Called before each pause. */
  readonly onRetry?: (error: KopsError, attempt: number) => void;
  readonly signal?: AbortSignal;
  /** Bytes of a request at most; a single larger document goes alone. @defaultValue 5 MiB */
  readonly maxRequestBytes?: number;
  /** Requests under way at a time. At most this many requests, and the one being filled, are held in memory. @defaultValue 2 */
  readonly concurrency?: number;
  /** When to try again what was overloaded or unreachable. @defaultValue from 200 ms to 15 s, for 5 min */
  readonly retry?: RetryPolicy;
}

/**
 * Sends documents in bulk, in requests of bounded size. Writing a document again replaces it, so that what a killed process
 * had sent may be sent again.
 */
export interface BulkWriter extends AsyncDisposable {
  readonly counts: BulkCounts;
  /**
   * Takes a document. Await the promise, if there is one, before the next: it resolves when there is room again.
   * @throws what made the writer fail; from then on every call does.
   */
  add(item: BulkItem): Promise<void> | undefined;
  /**
   * Sends what is left and resolves when every document taken so far is indexed or was given to `onRejected`.
   * @throws KOPS_ELASTICSEARCH_UNREACHABLE when it was not to be had until the deadline; KOPS_ACCESS_DENIED; KOPS_ELASTICSEARCH_REFUSED.
   */
  flush(): Promise<void>;
}

/** Answer to a bulk request: one entry per document, in order. */
export interface BulkResponse {
  readonly items: readonly Readonly<Record<string, BulkResult>>[];
}

/** What became of one document of a request. */
export interface BulkResult {
  readonly status: number;
  readonly result?: string;
  readonly error?: { readonly type: string; readonly reason?: string | null };
}

/** Sends one request. Fails with a KopsError; those that are retryable are tried again. */
export type SendBulk = (body: Buffer, signal: AbortSignal) => Promise<BulkResponse>;
