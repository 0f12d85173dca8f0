import { describeSelection } from '@kops/archive-format';
import { formatCount } from '@kops/core';
import { formatBytes } from '@kops/service';
import type { ArchiveList, ListedArchive } from '../archives/list-archives.ts';
import { formatTable, type Column } from '../output/table.ts';
import { formatInstant } from './instant.ts';
import { formatLosses, formatRecords } from './totals.ts';

const right = 'right' as const;

const columns: readonly Column[] = [
  { title: 'ARCHIVE' },
  { title: 'ENDED' },
  { title: 'CLUSTER' },
  { title: 'KIND' },
  { title: 'SELECTION' },
  { title: 'TOPICS', align: right },
  { title: 'PARTITIONS', align: right },
  { title: 'RECORDS', align: right },
  { title: 'SIZE', align: right },
  { title: 'LOSSES' },
  { title: 'PARENT' },
];

/** The list of archives as lines, the newest last. */
export function renderArchiveList({ repository, archives }: ArchiveList): string[] {
  if (archives.length === 0)
    return [`${repository} holds no archive yet. Make one with 'kops backup'.`];
  return formatTable(columns, archives.map(row));
}

function row({ archive, cluster, summary, error }: ListedArchive): string[] {
  if (summary === null) return [archive, `cannot be read (${String(error?.['code'])})`, cluster];
  return [
    archive,
    formatInstant(summary.endedAt),
    cluster,
    summary.kind === 'generation' ? `generation ${String(summary.generation)}` : summary.kind,
    describeSelection(summary.selection) || 'all topics',
    formatCount(summary.topics),
    formatCount(summary.partitions),
    formatRecords(summary),
    formatBytes(summary.bytes),
    formatLosses(summary.losses),
    summary.parent ?? '-',
  ];
}
