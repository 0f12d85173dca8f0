import type { ArchiveCommit, SegmentEntry } from '@kops/archive-format';
import type { RecordSource } from '@kops/catalog';
import type { IndexerLimits, IndexerSettings } from '../settings.ts';

/** What a worker thread is started with. */
export interface WorkerSettings {
  readonly settings: IndexerSettings;
  readonly limits: IndexerLimits;
  /** How long one bulk request is tried. */
  readonly retryDeadlineMs: number;
  /** Folder for what is refused until it is filed. */
  readonly spoolDirectory: string;
  /** Tells when to wait, see {@link import('./hold.ts').Hold}. */
  readonly hold: SharedArrayBuffer | undefined;
}

/** Pieces of one partition to index, one after the other. */
export interface IndexTask {
  readonly id: number;
  readonly source: Omit<RecordSource, 'segment'>;
  /** Entries narrowed to what is to be indexed, in offset order. */
  readonly pieces: readonly SegmentEntry[];
  /** Set where a piece may hold records of transactions: where to look for how these ended. */
  readonly transactions?: { readonly ref: ArchiveCommit; readonly from: bigint };
}

/** What became of one piece. */
export interface PieceOutcome {
  /** Offsets below are indexed for good; those beyond are of transactions that had not ended at the cut. */
  readonly settledTo: bigint;
  /** Records that a consumer sees. */
  readonly records: number;
  /** Of these, those below `settledTo`. */
  readonly settledRecords: number;
  readonly created: number;
  readonly updated: number;
  /** Left out by an ingest pipeline. */
  readonly dropped: number;
  readonly rejected: number;
  /** Parts of bulk requests that were sent again. */
  readonly retries: number;
  /** Bytes of bulk requests. */
  readonly bytes: number;
  /** File with the dead letters of the piece, where there are any. */
  readonly spool: string | undefined;
}

/** An error on its way between threads. */
export type PlainError = Readonly<Record<string, unknown>>;

/** What a worker thread says. */
export type WorkerAnswer =
  | { readonly type: 'progress'; readonly records: number }
  | { readonly type: 'waiting'; readonly error: PlainError }
  | {
      readonly type: 'piece';
      readonly id: number;
      readonly piece: number;
      readonly outcome: PieceOutcome;
    }
  | {
      readonly type: 'damaged';
      readonly id: number;
      readonly piece: number;
      readonly error: PlainError;
    }
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: PlainError };
