/**
 * Feeds the catalog from the committed archives of a repository. The commit log is the list of what is to be done, and a state
 * directory says how far it is, so that a backup never waits for Elasticsearch, and nothing is lost while that is away.
 * @module
 */
export { checkIndexerSettings } from './check-settings.ts';
export { openIndexer } from './open-indexer.ts';
export type {
  CatchUpOptions,
  Indexer,
  IndexerActivity,
  IndexerOptions,
  IndexProgress,
  PassOptions,
  RebuildOptions,
} from './indexer-port.ts';
export type { IndexerLimits, IndexerSettings } from './settings.ts';
export type { BackupBytes } from './worker/hold.ts';
export type { FailedPart, IndexReport, RetireReport } from './index-report.ts';
export { readIndexerStatus, type IndexerStatus, type ReadStatusOptions } from './indexer-status.ts';
export type { OtherRules, RuledSegments } from './other-rules.ts';
export type { DeadLetter } from './dead-letter.ts';
export { registryDecoder, type RecordDecoder } from './record-decoder.ts';
