import { errorTable } from '@kops/core';
import type { DrillReport } from './drill-report.ts';

/** Plain JSON of a report; offsets and timestamps are decimal strings. */
export function drillReportToJson(report: DrillReport): Record<string, unknown> {
  const text = JSON.stringify(report, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return JSON.parse(text) as Record<string, unknown>;
}

const exits = {
  ok: 0,
  differs: errorTable.KOPS_COMPARISON_FAILED.exit,
  incomplete: errorTable.KOPS_INCOMPLETE.exit,
  'objective-missed': errorTable.KOPS_OBJECTIVE_MISSED.exit,
} as const;

/** Exit code of a drill: 0; 20 when content differs or nothing was compared; 21 with losses; 22 when an objective was missed. */
export function drillExitCode(report: DrillReport): number {
  return exits[report.status];
}

/** The report as lines of text. */
export function describeDrillReport(report: DrillReport): string[] {
  return [`${report.status}: archive ${report.archive}`];
}
