import type { Clock, Logger } from '@kops/core';
import type { DeadLetter } from './dead-letter.ts';
import type { IndexReport, RetireReport } from './index-report.ts';
import type { IndexerStatus } from './indexer-status.ts';
import type { BackupBytes } from './worker/hold.ts';
import type { IndexerLimits, IndexerSettings } from './settings.ts';

/** How to open an indexer. */
export interface IndexerOptions extends IndexerSettings {
  /** Local folder for positions and dead letters; each repository has one of its own in it, which one indexer has at a time. */
  readonly stateDirectory: string;
  readonly limits?: Partial<IndexerLimits>;
  /** How often {@link Indexer.run} looks at the commit log, in ms. @defaultValue 10 s */
  readonly pollMs?: number;
  /** How long one-shot calls wait for an Elasticsearch that cannot be reached, in ms. @defaultValue 5 min */
  readonly deadlineMs?: number;
  /**
   * Bytes that backups beside it have taken in so far. While these take in more than 8 MiB a second, indexing waits: a minute at most,
   * then it goes on for ten seconds, whatever there is. Asked four times a second while there is something to index.
   */
  readonly backupBytes?: BackupBytes;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** What an indexer is doing. */
export interface IndexerActivity {
  /** `waiting`: for Elasticsearch, or for the repository. */
  readonly state: 'idle' | 'indexing' | 'waiting';
  /** The archive that is indexed. */
  readonly archive?: string;
  /** Why it waits; kept until something goes well. */
  readonly lastError?: { readonly code: string; readonly message: string };
}

/** How far a call is. */
export interface IndexProgress {
  readonly activity: IndexerActivity;
  /** Of those that were waiting when the commit log was looked at. */
  readonly archivesIndexed: number;
  readonly archivesTotal: number;
  /** Records that were read so far; some may be read again after a failure. */
  readonly records: number;
  readonly rejected: number;
}

/** What calls of an indexer take. */
export interface PassOptions {
  /** Ends the call within seconds; positions are kept. */
  readonly signal?: AbortSignal;
  /** Called every few thousand records and when the activity changes. */
  readonly onProgress?: (progress: IndexProgress) => void;
}

/** Which archives {@link Indexer.catchUp} indexes. */
export interface CatchUpOptions extends PassOptions {
  /** Ids; all if omitted. */
  readonly archives?: readonly string[];
}

/** What {@link Indexer.rebuild} makes again. */
export interface RebuildOptions extends PassOptions {
  /** Id, or `latest`; everything if omitted. */
  readonly archive?: string;
  /**
   * Whether the catalog's indices of archives, segments and records are dropped first: rids it of what is left of archives
   * that nobody remembers, and of rules that changed. Not together with `archive`.
   */
  readonly drop?: boolean;
}

/**
 * Feeds the catalog from the committed archives of one repository. One of `catchUp`, `run`, `rebuild` and `retire` at a time.
 *
 * They fail with KOPS_ACCESS_DENIED, KOPS_ELASTICSEARCH_REFUSED, KOPS_ELASTICSEARCH_MAPPING or KOPS_CONFIG as the catalog does,
 * with KOPS_NO_SPACE and the like when the state cannot be written, and with KOPS_INTERRUPTED when the signal is aborted. Every
 * position that was reached is kept then, and the next call goes on from there.
 */
export interface Indexer extends AsyncDisposable {
  /** Id of the repository. */
  readonly repository: string;

  /** What it is doing now. */
  readonly activity: IndexerActivity;

  /**
   * Takes out of the catalog what was retired, and indexes everything that is committed and not in it. Resolves when all of it
   * was tried: what is damaged is in the report, and tried again by the next call.
   * @throws KOPS_ELASTICSEARCH_UNREACHABLE after `deadlineMs` without an answer; KOPS_ARCHIVE_NOT_FOUND
   */
  catchUp(options?: CatchUpOptions): Promise<IndexReport>;

  /**
   * The same over and over until the signal is aborted; then resolves. Waits for Elasticsearch for as long as it takes: what is
   * to be done is in the commit log, so waiting costs nothing.
   */
  run(options: PassOptions & { readonly signal: AbortSignal }): Promise<void>;

  /** Makes {@link run} look at the commit log now. */
  notify(): void;

  /**
   * Forgets how far an archive is, or everything, and indexes again what is forgotten. Documents come out the same.
   * @throws KOPS_ARCHIVE_NOT_FOUND; KOPS_ELASTICSEARCH_UNREACHABLE after `deadlineMs`
   */
  rebuild(options?: RebuildOptions): Promise<IndexReport>;

  /**
   * Takes out of the catalog what was retired, and indexes nothing: documents of archives, of segments that no archive shows any
   * more, and records that were last written from what no archive shows any more.
   */
  retire(options?: PassOptions): Promise<RetireReport>;

  /** How far it is; reads the commit log, and of each series that waits, the last archive. */
  status(): Promise<IndexerStatus>;

  /** The records that Elasticsearch refused, segment by segment. */
  deadLetters(): AsyncIterable<DeadLetter>;
}
