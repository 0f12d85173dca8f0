import { counted, errorTable, formatCount } from '@kops/core';
import { formatDuration } from '@kops/service';
import type { DrilledTopic, DrillReport } from './drill-report.ts';

const exits: Readonly<Record<DrillReport['status'], number>> = {
  ok: 0,
  differs: errorTable.KOPS_COMPARISON_FAILED.exit,
  incomplete: errorTable.KOPS_INCOMPLETE.exit,
  'objective-missed': errorTable.KOPS_OBJECTIVE_MISSED.exit,
};

/** Exit code of a drill: 0; 20 when content differs or nothing was compared; 21 with losses; 22 when an objective was missed. */
export function drillExitCode(report: DrillReport): number {
  return exits[report.status];
}

/** Plain JSON of a report; offsets and timestamps are decimal strings. */
export function drillReportToJson(report: DrillReport): Record<string, unknown> {
  const text = JSON.stringify(report, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return JSON.parse(text) as Record<string, unknown>;
}

/** The report as lines of text. `maxDifferences` (default 20) of the differences are shown. */
export function describeDrillReport(report: DrillReport, maxDifferences = 20): string[] {
  const shown = report.differences.slice(0, maxDifferences);
  const left = report.differences.length - shown.length;
  return [
    headline(report),
    `restored into ${report.sandbox.description}`,
    ...report.topics.map(topicLine),
    `also compared: ${counted(report.groups, 'group')} with ${counted(report.groupOffsets, 'offset')}, ${counted(report.configs, 'config')}`,
    `RTO ${formatDuration(report.rtoMs)} (time to restore into a running Kafka), RPO ${formatDuration(report.rpoMs)} (age of the archive's cut)`,
    ...report.objectives.map(
      ({ name, objectiveMs, isMet }) =>
        `objective ${name} of ${formatDuration(objectiveMs)}: ${isMet ? 'met' : 'MISSED'}`,
    ),
    ...shown.map(({ message, target }) => `differs: ${message}${placeText(target)}`),
    ...(left > 0 ? [`… and ${formatCount(left)} more differences`] : []),
    ...report.losses.map((text) => `lost: ${text}`),
    ...report.notRestorable.map((text) => `not restored: ${text}`),
    ...selfTestLines(report),
  ];
}

function headline({ status, archive, records, equalRecords, errors }: DrillReport): string {
  const compared = `${formatCount(equalRecords)} of ${formatCount(records)} records are equal`;
  switch (status) {
    case 'ok':
      return `ok: archive ${archive} can be recovered: ${compared}`;
    case 'differs':
      return `FAILED: archive ${archive}: ${formatCount(errors)} differences, ${compared}`;
    case 'incomplete':
      return `INCOMPLETE: archive ${archive}: ${compared}, but it has losses`;
    case 'objective-missed':
      return `OBJECTIVE MISSED: archive ${archive} can be recovered: ${compared}`;
  }
}

function topicLine({ source, target, partitions }: DrilledTopic): string {
  const count = (pick: (partition: DrilledTopic['partitions'][number]) => number): string =>
    formatCount(partitions.reduce((sum, partition) => sum + pick(partition), 0));
  const mapped = partitions.filter(({ strategy }) => strategy === 'mapped').length;
  const name = source === target ? source : `${source} as ${target}`;
  const offsets = mapped === 0 ? 'offsets exact' : `offsets mapped in ${formatCount(mapped)}`;
  return `${name}: ${counted(partitions.length, 'partition')}, ${count(({ equalRecords }) => equalRecords)} of ${count(({ sourceRecords }) => sourceRecords)} records equal, ${offsets}`;
}

function placeText(target: DrillReport['differences'][number]['target']): string {
  if (target === null || target.partition < 0) return '';
  const offset = target.offset === null ? '' : ` at ${target.offset}`;
  return ` (target ${target.topic}-${target.partition}${offset})`;
}

function selfTestLines({ selfTest }: DrillReport): string[] {
  return (selfTest ?? []).map(
    ({ name, passed, description }) =>
      `self-test ${name}: ${passed ? 'ok' : 'FAILED'}: ${description}`,
  );
}
