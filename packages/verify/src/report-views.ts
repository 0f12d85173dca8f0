import { counted, errorTable, formatCoordinates, formatCount } from '@kops/core';
import type { Finding } from './finding.ts';
import type { VerifyReport } from './verify-report.ts';

/** Plain JSON of a report; offsets are decimal strings. */
export function verifyReportToJson(report: VerifyReport): Record<string, unknown> {
  return { ...report, findings: report.findings.map(findingToJson) };
}

/** Exit code of a verification: 0, 20 when anything is damaged, 21 when something is lost and nothing damaged. */
export function verifyExitCode(report: VerifyReport): number {
  if (report.status === 'damaged') return errorTable.KOPS_OBJECT_CORRUPT.exit;
  return report.status === 'incomplete' ? errorTable.KOPS_INCOMPLETE.exit : 0;
}

function findingToJson({ at, ...finding }: Finding): Record<string, unknown> {
  const places = Object.entries(at).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'bigint' ? value.toString() : value,
  ]);
  return { ...finding, at: Object.fromEntries(places) as Record<string, unknown> };
}

/** The report as lines of text. `maxFindings` (default 20) of the findings are shown. */
export function describeVerifyReport(report: VerifyReport, maxFindings = 20): string[] {
  const shown = report.findings.slice(0, maxFindings);
  const { error, loss, info } = report.counts;
  const left = error + loss + info - shown.length;
  return [
    headline(report),
    ...shareLines(report),
    ...shown.map(describeFinding),
    ...(left > 0 ? [`… and ${counted(left, 'more finding')}`] : []),
  ];
}

function headline({ archive, level, status, isEmpty, counts }: VerifyReport): string {
  const what = `archive ${archive}, level ${level}`;
  if (status === 'damaged') return `DAMAGED: ${what}: ${counted(counts.error, 'error')}`;
  if (status === 'incomplete')
    return `INCOMPLETE: ${what}: undamaged, with ${counted(counts.loss, 'recorded loss')}`;
  return isEmpty ? `ok: ${what}: the archive is empty, it shows no record` : `ok: ${what}`;
}

function shareLines({
  topics,
  partitions,
  segments,
  bytes,
  batches,
  subset,
  ...rest
}: VerifyReport): string[] {
  const of = subset === null ? '' : ` (subset ${subset})`;
  const lines = [
    `${counted(topics, 'topic')}, ${counted(partitions, 'partition')}, ${counted(segments.total, 'segment')}`,
    `read ${formatCount(segments.read)} of ${counted(segments.total, 'segment')}, ${formatCount(bytes.read)} of ${counted(bytes.total, 'byte')}${of}`,
  ];
  if (batches > 0)
    lines.push(`checked ${counted(batches, 'batch')} with ${counted(rest.records, 'record')}`);
  return lines;
}

function describeFinding({ severity, code, message, at }: Finding): string {
  const where = formatCoordinates(at);
  return `${severity}: ${message}${where === '' ? '' : ` (${where})`} [${code}]`;
}
