/**
 * Says whether an archive is what it should be, and whether a live topic holds what an archive shows.
 * @module
 */
export type { Finding, FindingCounts, Severity } from './finding.ts';
export type { VerifyLevel, VerifyOptions, VerifyProgress } from './verify-options.ts';
export type { Share, VerifyReport } from './verify-report.ts';
export { verifyArchive } from './verify-archive.ts';
export { describeVerifyReport, verifyExitCode, verifyReportToJson } from './report-views.ts';
export { parseSubset, type Subset } from './subset.ts';
export type {
  ComparedPartition,
  CompareConfigsOptions,
  CompareGroupsOptions,
  ComparePartitionOptions,
  ComparisonSource,
  ComparisonTarget,
  ConfigsComparison,
  Difference,
  DifferenceKind,
  GroupsComparison,
  OffsetTranslation,
  PartitionComparison,
  Place,
} from './compare-port.ts';
export { comparePartition } from './compare-partition.ts';
export { compareGroups } from './compare-groups.ts';
export { compareConfigs } from './compare-configs.ts';
