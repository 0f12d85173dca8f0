/**
 * Restores an archive into a Kafka cluster: a plan as a value, and its execution by produce.
 * @module
 */
export type {
  ArchiveContents,
  OffsetPolicy,
  PartitionContents,
  OffsetStrategy,
  PlannedGroup,
  PlannedGroupOffset,
  PlannedPartition,
  PlannedTopic,
  Refusal,
  RestoreMethod,
  RestoreOptions,
  RestorePlan,
  TargetFacts,
  TargetTopic,
  TimeWindow,
  UnrestorableConfig,
} from './plan.ts';
export type {
  ExecuteOptions,
  RestoreLimits,
  RestoreProgress,
  RestoreSource,
  RestoreTarget,
} from './execute-options.ts';
export type {
  GroupOffsetResult,
  GroupResult,
  LeftOut,
  PartitionResult,
  RefusedConfig,
  RestoreDurations,
  RestoreResult,
  TopicResult,
} from './result.ts';
export { restoreExitCode, restoreResultToJson } from './result.ts';
export {
  ChosenRecords,
  maxChosenRecords,
  type OffsetRange,
  type RecordPlace,
} from './chosen-records.ts';
export { planRestore } from './plan-restore.ts';
export { assertExecutable } from './refusals.ts';
export { restorePlanToJson } from './plan-json.ts';
export { describePlan } from './describe-plan.ts';
export { inspectContents, type ContentSource } from './plan-contents.ts';
export { inspectTarget } from './inspect-target.ts';
export { executeRestore } from './execute-restore.ts';
export { mapOffset, type MappingRun, type OffsetMapping } from './offset-mapping.ts';
export { readOffsetMapping } from './mapping-file.ts';
