/**
 * The catalog: archives, segments, drills, events and records as documents that can be searched. This is the port and the
 * pure parts; the implementation is at `@kops/catalog/elasticsearch`.
 * @module
 */
export type {
  Attribution,
  CallOptions,
  Catalog,
  CatalogStatus,
  IndexStatus,
  PartitionCount,
  RecordTarget,
  SetupReport,
} from './port.ts';
export type {
  BulkCounts,
  BulkItem,
  BulkOptions,
  BulkWriter,
  RejectedDocument,
} from './bulk/bulk-port.ts';
export {
  maxRanges,
  recordQuery,
  searchedFields,
  type RecordFilter,
  type RecordRange,
} from './search/record-query.ts';
export type { RecordHit, RecordSearch, SearchPage } from './search/search-page.ts';
export {
  compilePolicy,
  parseRecordRules,
  recordLevels,
  recordRulesSchema,
  type RecordLevel,
  type RecordPolicy,
  type RecordRule,
} from './policy/record-policy.ts';
export { fingerprintRules, haveSameMasks } from './policy/rules-fingerprint.ts';
export type { MaskAction, MaskRule, RecordMasks } from './policy/mask-rule.ts';
export { createHasher, type Hasher } from './policy/keyed-hash.ts';
export {
  documentRecords,
  type DocumentFields,
  type RecordDocument,
  type RecordDocumenter,
} from './documents/record-document.ts';
export type { DecodedRecord, DecodedValue, RecordSource } from './documents/record-source.ts';
export { lineageId, recordId } from './documents/record-id.ts';
export type { CatalogDocument } from './documents/catalog-document.ts';
export { archiveDocument, segmentDocument } from './documents/archive-document.ts';
export { drillDocument, type DrilledArchive } from './documents/drill-document.ts';
export { eventDocument, type CatalogEvent } from './documents/event-document.ts';
export type { IndexDefinition, IndexKind, RolloverLimits } from './indices/index-definition.ts';
export {
  indexDefinitions,
  indexTemplate,
  type IndexTemplate,
} from './indices/index-definitions.ts';
export {
  defaultPrefix,
  indexPatterns,
  isPrefix,
  kindAlias,
  recordsAlias,
} from './indices/index-names.ts';
export type { IndexMapping, LeafMapping, ObjectMapping, Properties } from './indices/mapping.ts';
export {
  compareMappings,
  planMigration,
  type LiveMapping,
  type MappingDifference,
  type MigrationStep,
} from './indices/plan-migration.ts';
export { checkDocument, type MappingViolation } from './indices/check-document.ts';
