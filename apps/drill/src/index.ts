/**
 * The drill: restores an archive into a throwaway Kafka, reads it back and compares it with the archive.
 * @module
 */
export type { DrillObjectives, DrillOptions, DrillProgress, SandboxKind } from './drill-options.ts';
export type {
  DrillDurations,
  DrilledPartition,
  DrilledTopic,
  DrillReport,
  ObjectiveResult,
  SandboxReport,
  SelfTestCase,
} from './drill-report.ts';
export { runDrill } from './run-drill.ts';
export { describeDrillReport, drillExitCode, drillReportToJson } from './report-views.ts';
