/**
 * Opens repositories, commits archives to them and reads them back: the one place that knows in which order objects are read, checked and committed.
 * @module
 */
export type {
  ArchiveSelection,
  ArchiveWanted,
  CommitOptions,
  NewObject,
  Repository,
  StoredCheck,
} from './repository.ts';
export type {
  Archive,
  BatchRun,
  LocatedBatch,
  ReadBatchesOptions,
  ReadRange,
  ReadRecordsOptions,
} from './archive.ts';
export type { AbortedTransactions } from './aborted-transactions.ts';
export {
  createRepository,
  findRepository,
  openRepository,
  type CreateRepositoryOptions,
} from './open-repository.ts';
export { unknownCluster } from './find-archive.ts';
export { findWidest } from './latest-archive.ts';
export { openArchive } from './open-archive.ts';
export { BatchAssembler, type AssembledRun } from './batch-assembler.ts';
export { readSegmentRuns, type SegmentReadOptions } from './segment-runs.ts';
export { readSliceBatches, readSliceRuns, type ReadSegmentOptions } from './read-batches.ts';
export {
  readSegmentBatches,
  type RawSegment,
  type RawSegmentOptions,
  type SegmentBatches,
} from './segment-batches.ts';
export { TransactionScan } from './scan-transactions.ts';
export { visibleRecords } from './visible-records.ts';
