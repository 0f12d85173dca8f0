import { counted, formatCount } from '@kops/core';
import { formatBytes, formatDuration } from '@kops/service';
import type { CatalogStatusResult } from '../commands/catalog/status.ts';
import { formatPairs, formatTable } from '../output/table.ts';

/** The state of the catalog for people. */
export function renderCatalogStatus(
  { server, indexer, topics }: CatalogStatusResult,
  stateDirectory: string,
): string[] {
  const { archives, waiting, lagMs, oldestWaiting, deadLetters, failed } = indexer;
  const right = 'right' as const;
  const documents = formatTable(
    [{ title: 'INDEX' }, { title: 'DOCUMENTS', align: right }, { title: 'SIZE', align: right }],
    server.indices.map(({ index, documents: count, bytes }) => [
      index,
      formatCount(count),
      formatBytes(bytes),
    ]),
  );
  const compared = formatTable(
    [
      { title: 'TOPIC' },
      { title: 'ARCHIVED', align: right },
      { title: 'INDEXED', align: right },
      { title: '' },
    ],
    topics.map(({ topic, archived, indexed }) => [
      topic,
      formatCount(archived),
      formatCount(indexed),
      difference(archived, indexed),
    ]),
  );
  return [
    ...formatPairs([
      ['Elasticsearch', `${server.clusterName}, version ${server.serverVersion}`],
      [
        'Archives',
        `${formatCount(archives.indexed)} of ${formatCount(archives.committed)} indexed${archives.incomplete > 0 ? `, ${formatCount(archives.incomplete)} damaged` : ''}`,
      ],
      [
        'Lag',
        lagMs === undefined
          ? 'none'
          : `${formatDuration(lagMs)} (since ${oldestWaiting ?? ''}): ${counted(waiting.segments, 'segment')}, ${formatBytes(waiting.bytes)} to go`,
      ],
      [
        'Dead letters',
        deadLetters === 0 ? 'none' : `${formatCount(deadLetters)}, in ${stateDirectory}`,
      ],
    ]),
    ...failed.map(
      ({ archive, segment, message }) => `Damaged: ${archive} ${segment ?? ''}: ${message}`,
    ),
    '',
    ...(server.indices.length === 0 ? ['No index yet.'] : documents),
    '',
    ...(topics.length === 0
      ? [
          'Records of no topic are indexed: catalog.records has no rule for those of the newest archive.',
        ]
      : compared),
  ];
}

function difference(archived: number, indexed: number): string {
  if (archived === indexed) return 'all';
  return indexed < archived
    ? `${formatCount(archived - indexed)} missing`
    : `${formatCount(indexed - archived)} too many`;
}
