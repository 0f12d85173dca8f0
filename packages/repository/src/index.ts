/**
 * Opens repositories, commits archives to them and reads them back: the one place that knows in which order objects are read, checked and committed.
 * @module
 */
export type { ArchiveSelection, CommitOptions, NewObject, Repository, StoredCheck } from './repository.ts';
export type {
  Archive,
  BatchRun,
  LocatedBatch,
  ReadBatchesOptions,
  ReadRange,
  ReadRecordsOptions,
} from './archive.ts';
export type { AbortedTransactions } from './aborted-transactions.ts';
