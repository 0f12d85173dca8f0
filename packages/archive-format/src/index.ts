/**
 * What lies in a repository: schemas, canonical encoding, object keys, segment lists, lineage. No I/O.
 * @module
 */
export {
  archiveIdSchema,
  clusterSchema,
  commitSchema,
  groupOffsetSchema,
  groupSchema,
  indexEntrySchema,
  leaderEpochSchema,
  lineageSchema,
  lossReasonSchema,
  lossSchema,
  manifestSchema,
  partitionSchema,
  repositorySchema,
  segmentEntrySchema,
  segmentListSchema,
  sha256Schema,
  straddlingTransactionSchema,
  topicConfigSchema,
  topicSchema,
  type ArchiveCommit,
  type ClusterManifest,
  type Commit,
  type DeletedTopic,
  type GroupFault,
  type GroupManifest,
  type GroupOffset,
  type IndexEntry,
  type LeaderEpoch,
  type Lineage,
  type Loss,
  type LossReason,
  type Purge,
  type Manifest,
  type PartitionManifest,
  type RepositoryInfo,
  type SegmentEntry,
  type SegmentList,
  type SelectedTopics,
  type StraddlingTransaction,
  type TopicConfig,
  type TopicManifest,
} from './schema.ts';
export {
  coversSelection,
  coversTopics,
  describeSelection,
  isOfWholeCluster,
  wholeCluster,
} from './selection.ts';
export {
  clusterPathName,
  commitKey,
  commitPrefix,
  defaultShard,
  listKey,
  manifestKey,
  parseCommitKey,
  parseSegmentKey,
  pinKey,
  repositoryKey,
  segmentKey,
  segmentsPrefix,
  type PartitionIdentity,
  type SegmentKeyParts,
} from './keys.ts';
export { deriveTopicId, newArchiveId, newToken, type RandomBytes } from './ids.ts';
export { describeGroupFault, describeLoss } from './describe-loss.ts';
export {
  appendSegments,
  countHoles,
  countRecords,
  emptySegmentList,
  findIndexPosition,
  findIndexRange,
  lostWithin,
  sliceList,
  visibleEntries,
  withoutDamaged,
} from './segment-list.ts';
export { checkList, type ListFinding } from './check-list.ts';
export {
  SegmentEntryBuilder,
  indexInterval,
  segmentLimits,
  type BatchHeader,
  type PublishedSegment,
} from './segment-entry-builder.ts';
export {
  mergeLeaderEpochs,
  relateLineage,
  truncateLeaderEpochs,
  type EpochEnd,
  type LineageRelation,
} from './lineage.ts';
export {
  mayExtend,
  type BaselineReason,
  type ExtensionDecision,
  type ExtensionFacts,
} from './extension.ts';
export {
  decodeCommit,
  decodeManifest,
  decodeRepositoryInfo,
  decodeSegmentList,
  documentLimits,
  encodeCommit,
  encodeManifest,
  encodeRepositoryInfo,
  encodeSegmentList,
  sha256Hex,
  supportedVersions,
} from './documents.ts';
