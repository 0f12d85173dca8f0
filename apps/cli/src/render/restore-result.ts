import { counted, formatCount } from '@kops/core';
import { formatBytes, formatDuration, formatRate } from '@kops/service';
import type { GroupResult, RestoreResult, TopicResult } from '@kops/restore';
import { coloured } from '../output/colour.ts';
import { formatTable, type Column } from '../output/table.ts';
import { formatInstant } from './instant.ts';

const right = 'right' as const;
const maxRows = 50;

const columns: readonly Column[] = [
  { title: 'TOPIC' },
  { title: 'FROM', dropped: 1 },
  { title: 'PARTITIONS', align: right, dropped: 2 },
  { title: 'RECORDS', align: right },
  { title: 'SIZE', align: right, dropped: 3 },
  { title: 'OFFSETS' },
  { title: 'LEFT OUT' },
];

/**
 * A restore that went to its end as lines: topics, groups, what the target did not take, and where the report lies.
 * Warnings that the plan gave before are `known` and not said again. `finishedAt` is when an earlier run had finished all of it.
 */
export function renderRestoreResult(
  result: RestoreResult,
  report: string,
  { known, finishedAt }: { readonly known: readonly string[]; readonly finishedAt: string | null },
): string[] {
  const { records, bytes, durations, topics, groups, refusedConfigs, warnings, incomplete } =
    result;
  return [
    ...formatTable(columns, topics.map(topicRow)),
    '',
    ...groupLines(groups),
    ...section(
      'Configs that the target rejected:',
      refusedConfigs.map(
        ({ topic, name, value, reason }) => `${topic}: ${name}=${String(value)}: ${reason}`,
      ),
    ),
    ...section(
      'Warnings:',
      warnings.filter((warning) => !known.includes(warning)),
    ),
    ...section('Incomplete:', incomplete),
    finishedAt === null
      ? `${result.status === 'complete' ? coloured('ok', 'Restored') : coloured('warning', 'Restored incompletely:')} ${counted(records, 'record')}, ${formatBytes(bytes)}, in ${formatDuration(durations.totalMs)} (${formatRate(bytes, durations.fillMs)} while filling)${result.resumed ? '; resumed from an earlier run' : ''}.`
      : `Nothing to do: this restore finished at ${formatInstant(finishedAt)} with ${counted(records, 'record')}, ${formatBytes(bytes)}.`,
    `Report: ${report}`,
  ];
}

function topicRow({ source, target, created, partitions }: TopicResult): string[] {
  const sum = (of: (partition: TopicResult['partitions'][number]) => number): number =>
    partitions.reduce((total, partition) => total + of(partition), 0);
  return [
    created ? target : `${target} (existed)`,
    source === target ? '' : source,
    formatCount(partitions.length),
    formatCount(sum(({ records }) => records)),
    formatBytes(sum(({ bytes }) => bytes)),
    strategyText(partitions),
    leftOutText(partitions),
  ];
}

function strategyText(partitions: TopicResult['partitions']): string {
  const exact = partitions.filter(({ strategy }) => strategy === 'exact').length;
  if (exact === partitions.length) return 'exact';
  return exact === 0
    ? 'mapped'
    : `exact in ${String(exact)}, mapped in ${String(partitions.length - exact)}`;
}

function leftOutText(partitions: TopicResult['partitions']): string {
  const names = {
    aborted: 'aborted',
    open: 'unfinished',
    outsideWindow: 'outside the window',
    controlBatches: 'markers',
  } as const;
  return Object.entries(names)
    .flatMap(([field, name]) => {
      const count = partitions.reduce(
        (sum, { leftOut }) => sum + leftOut[field as keyof typeof names],
        0,
      );
      return count === 0 ? [] : [`${formatCount(count)} ${name}`];
    })
    .join(', ');
}

function groupLines(groups: readonly GroupResult[]): string[] {
  if (groups.length === 0) return [];
  const rows = groups
    .slice(0, maxRows)
    .map(({ group, status, offsets, error }) => [
      group,
      status === 'set' ? 'set' : `refused: ${error?.message ?? ''}`,
      formatCount(offsets.length),
      formatCount(offsets.filter(({ clamped }) => clamped !== null).length),
    ]);
  const rest = groups.length - rows.length;
  return [
    ...formatTable(
      [
        { title: 'GROUP' },
        { title: 'STATUS' },
        { title: 'OFFSETS', align: right },
        { title: 'CLAMPED', align: right },
      ],
      rows,
    ),
    ...(rest > 0 ? [`… and ${String(rest)} more: see the report`] : []),
    '',
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length - maxRows;
  return [
    title,
    ...lines.slice(0, maxRows).map((line) => `  ${line}`),
    ...(rest > 0 ? [`  … and ${String(rest)} more: see the report`] : []),
    '',
  ];
}
