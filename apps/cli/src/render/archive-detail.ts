import { describeGroupFault, describeLoss, describeSelection } from '@kops/archive-format';
import { counted, formatCount } from '@kops/core';
import { formatBytes, formatDuration } from '@kops/service';
import type { ArchiveDetail, PartitionDetail, TopicDetail } from '../archives/archive-detail.ts';
import { formatPairs, formatTable, type Column } from '../output/table.ts';
import { formatInstant } from './instant.ts';
import { formatLosses, formatRecords } from './totals.ts';

/** Above this many partitions only topics are listed, unless topics were asked for by name. */
const maxPartitionRows = 200;
const maxGroupRows = 50;

const right = 'right' as const;

/** An archive as lines: head, topics, partitions, losses, groups. */
export function renderArchiveDetail(
  detail: ArchiveDetail,
  options: { readonly byTopic: boolean },
): string[] {
  const partitions = detail.topics.reduce((sum, topic) => sum + topic.partitions.length, 0);
  const short = !options.byTopic && partitions > maxPartitionRows;
  return [
    ...formatPairs(headPairs(detail)),
    '',
    ...topicLines(detail.topics),
    '',
    ...(short
      ? [
          `${counted(partitions, 'partition')}: see those of a topic with --topics NAME, or all with --json.`,
        ]
      : partitionLines(detail.topics)),
    ...lossLines(detail),
    ...purgeLines(detail.topics),
    ...baselineLines(detail.topics),
    ...deletedLines(detail.deletedSinceParent),
    ...(options.byTopic ? detail.topics.flatMap(configLines) : []),
    ...(options.byTopic ? groupOffsetLines(detail) : groupLines(detail)),
  ];
}

function headPairs({
  summary,
  repository,
  copies,
  isolation,
  kopsVersion,
}: ArchiveDetail): [string, string][] {
  const took = Date.parse(summary.endedAt) - Date.parse(summary.startedAt);
  return [
    ['Archive', summary.archive],
    ['Repository', repository],
    ['Cluster', summary.cluster],
    [
      'Kind',
      summary.kind === 'generation'
        ? `generation ${String(summary.generation)} of series ${summary.series}`
        : summary.kind,
    ],
    ['Selection', selectionText(summary)],
    ['Parent', summary.parent ?? 'none'],
    [
      'Ended',
      `${formatInstant(summary.endedAt)}${took >= 0 ? `, after ${formatDuration(took)}` : ''}`,
    ],
    [
      'Cut at',
      isolation === 'read_committed'
        ? 'the last stable offsets (read_committed)'
        : 'the high watermarks (read_uncommitted)',
    ],
    [
      'Holds',
      `${counted(summary.topics, 'topic')}, ${counted(summary.partitions, 'partition')}, ${formatRecords(summary)} records, ${formatBytes(summary.bytes)}, ${counted(summary.groups, 'group')}`,
    ],
    ['Losses', formatLosses(summary.losses)],
    ['Copies', copies.join(', ')],
    ['Made by', `kops ${kopsVersion}`],
  ];
}

function selectionText({ selection, isSubset }: ArchiveDetail['summary']): string {
  const text = describeSelection(selection);
  if (text === '') return 'all topics of the cluster';
  return isSubset ? `a part of the cluster: ${text}` : `all topics of the cluster, ${text}`;
}

function deletedLines(topics: ArchiveDetail['deletedSinceParent']): string[] {
  if (topics.length === 0) return [];
  return [
    '',
    'Deleted since the parent:',
    ...topics.map(({ name, archive }) => `  ${name}: last in archive ${archive}`),
  ];
}

const topicColumns: readonly Column[] = [
  { title: 'TOPIC' },
  { title: 'PARTITIONS', align: right, dropped: 2 },
  { title: 'REPLICAS', align: right, dropped: 4 },
  { title: 'RECORDS', align: right },
  { title: 'HOLES', align: right, dropped: 3 },
  { title: 'SIZE', align: right, dropped: 1 },
  { title: 'LOSSES' },
];

function topicLines(topics: readonly TopicDetail[]): string[] {
  return formatTable(
    topicColumns,
    topics.map(({ name, totals, replicationFactor }) => [
      name,
      formatCount(totals.partitions),
      formatCount(replicationFactor),
      formatRecords(totals),
      formatCount(totals.holes),
      formatBytes(totals.bytes),
      formatLosses(totals.losses),
    ]),
  );
}

const partitionColumns: readonly Column[] = [
  { title: 'PARTITION' },
  { title: 'LOG START', align: right, dropped: 1 },
  { title: 'CUT', align: right },
  { title: 'RECORDS', align: right },
  { title: 'HOLES', align: right, dropped: 3 },
  { title: 'SIZE', align: right, dropped: 2 },
  { title: 'CAPTURED', dropped: 4 },
  { title: 'NOTES' },
];

function partitionLines(topics: readonly TopicDetail[]): string[] {
  return formatTable(
    partitionColumns,
    topics.flatMap(({ name, partitions }) =>
      partitions.map((partition) => partitionRow(name, partition)),
    ),
  );
}

function partitionRow(topic: string, partition: PartitionDetail): string[] {
  const { losses, openTransactions } = partition;
  return [
    `${topic}-${String(partition.partition)}`,
    String(partition.logStart),
    String(partition.cut),
    partition.records === null ? 'unknown' : formatCount(partition.records),
    partition.holes === null ? 'unknown' : formatCount(partition.holes),
    formatBytes(partition.bytes),
    partition.mode,
    [
      ...(losses.length === 0 ? [] : [counted(losses.length, 'loss')]),
      ...(openTransactions === 0
        ? []
        : [`${counted(openTransactions, 'transaction')} open at the cut`]),
    ].join(', '),
  ];
}

function lossLines({ topics, groupFaults }: ArchiveDetail): string[] {
  const lines = topics.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partition, losses }) =>
      losses.map(
        (loss) =>
          `  ${name}-${String(partition)}: ${describeLoss(loss)}${loss.detail === '' ? '' : `: ${loss.detail}`}`,
      ),
    ),
  );
  lines.push(...groupFaults.map((fault) => `  ${describeGroupFault(fault)}`));
  return lines.length === 0 ? [] : ['', 'Losses:', ...lines];
}

function purgeLines(topics: readonly TopicDetail[]): string[] {
  const lines = topics.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partition, purges }) =>
      purges.map(
        ({ from, to }) =>
          `  ${name}-${String(partition)}: offsets ${String(from)} to ${String(to - 1n)} were deleted before they were captured`,
      ),
    ),
  );
  return lines.length === 0 ? [] : ['', 'Expected deletions (no loss):', ...lines];
}

/** Why partitions were captured from their log start. */
function baselineLines(topics: readonly TopicDetail[]): string[] {
  const reasons = topics.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partition, baselineReason }) =>
      baselineReason === null ? [] : [{ at: `${name}-${String(partition)}`, baselineReason }],
    ),
  );
  const lines = [...Map.groupBy(reasons, (one) => one.baselineReason)].map(
    ([reason, [first, ...rest]]) =>
      `  ${first?.at ?? ''}${rest.length === 0 ? '' : ` and ${String(rest.length)} more`}: ${reason}`,
  );
  return lines.length === 0 ? [] : ['', 'Captured from the log start:', ...lines];
}

function configLines({ name, configs }: TopicDetail): string[] {
  const own = configs.filter(({ source }) => source === 'DYNAMIC_TOPIC_CONFIG');
  if (own.length === 0) return [];
  return [
    '',
    `Configs of ${name}:`,
    ...formatPairs(own.map(({ name: config, value }) => [`  ${config}`, value ?? 'null'])),
  ];
}

function groupLines({ groups }: ArchiveDetail): string[] {
  if (groups.length === 0) return [];
  const rows = groups
    .slice(0, maxGroupRows)
    .map(({ group, state, offsets }) => [group, state, formatCount(offsets.length)]);
  const rest = groups.length - rows.length;
  return [
    '',
    ...formatTable(
      [{ title: 'GROUP' }, { title: 'STATE' }, { title: 'OFFSETS', align: right }],
      rows,
    ),
    ...(rest > 0 ? [`… and ${String(rest)} more: see --json`] : []),
  ];
}

function groupOffsetLines({ groups }: ArchiveDetail): string[] {
  if (groups.length === 0) return [];
  const rows = groups.flatMap(({ group, state, offsets }) =>
    offsets.map(({ topic, partition, offset }) => [
      group,
      state,
      `${topic}-${String(partition)}`,
      String(offset),
    ]),
  );
  return [
    '',
    ...formatTable(
      [
        { title: 'GROUP' },
        { title: 'STATE' },
        { title: 'PARTITION' },
        { title: 'COMMITTED', align: right },
      ],
      rows,
    ),
  ];
}
