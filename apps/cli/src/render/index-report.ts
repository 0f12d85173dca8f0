import { counted, formatCount } from '@kops/core';
import type { IndexReport } from '@kops/indexer';

/** What an indexer did, for people, indented. */
export function renderIndexReport(report: IndexReport, stateDirectory: string): string[] {
  const { records, created, updated, dropped, rejected, segments, failed, retired } = report;
  const parts = [
    `${formatCount(created)} new`,
    ...(updated > 0 ? [`${formatCount(updated)} written again`] : []),
    ...(dropped > 0 ? [`${formatCount(dropped)} dropped by a pipeline`] : []),
  ];
  return [
    `  ${counted(records, 'record')} of ${counted(segments, 'segment')}: ${parts.join(', ')}`,
    ...(rejected > 0
      ? [`  ${formatCount(rejected)} rejected: see the dead letters in ${stateDirectory}`]
      : []),
    ...failed.map(
      ({ archive, segment, message }) => `  damaged: ${archive} ${segment ?? ''}: ${message}`,
    ),
    ...(retired.archives.length > 0
      ? [
          `  taken out: ${counted(retired.archives.length, 'retired archive')}, ${counted(retired.segments, 'segment')}, ${counted(retired.records, 'record')}`,
        ]
      : []),
  ];
}
