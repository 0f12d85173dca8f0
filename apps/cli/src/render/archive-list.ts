import { describeSelection } from '@kops/archive-format';
import { formatCount } from '@kops/core';
import { formatBytes } from '@kops/service';
import type { ArchiveList, ListedArchive } from '../archives/list-archives.ts';
import { coloured } from '../output/colour.ts';
import { formatTable, type Column } from '../output/table.ts';
import { formatInstant } from './instant.ts';
import { formatLosses, formatRecords } from './totals.ts';

const right = 'right' as const;

const columns: readonly Column[] = [
  { title: 'ARCHIVE', isWhole: true },
  { title: 'ENDED', dropped: 2 },
  { title: 'CLUSTER', dropped: 7 },
  { title: 'KIND', dropped: 6 },
  { title: 'SELECTION', dropped: 3 },
  { title: 'TOPICS', align: right, dropped: 4 },
  { title: 'PARTITIONS', align: right, dropped: 5 },
  { title: 'RECORDS', align: right },
  { title: 'SIZE', align: right, dropped: 1 },
  { title: 'LOSSES' },
  { title: 'PARENT', dropped: 8 },
];

/** The list of archives as lines, the newest last. */
export function renderArchiveList({ repository, archives }: ArchiveList): string[] {
  if (archives.length === 0)
    return [`${repository} holds no archive yet. Run 'kops backup' to create one.`];
  return formatTable(columns, archives.map(row));
}

function row({ archive, cluster, summary, error }: ListedArchive): string[] {
  if (summary === null) {
    const unread = coloured('failure', `cannot be read (${String(error?.['code'])})`);
    // In a column that is shown on any terminal.
    return [archive, '', cluster, '', '', '', '', '', '', unread];
  }
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
