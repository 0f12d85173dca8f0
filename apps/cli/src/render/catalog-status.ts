import { counted, formatCount } from '@kops/core';
import { formatBytes, formatDuration } from '@kops/service';
import type { TopicCount } from '../catalog/compare-counts.ts';
import type { CatalogStatusResult } from '../commands/catalog/status.ts';
import { formatPairs, formatTable, type Column } from '../output/table.ts';

type Indexer = CatalogStatusResult['indexer'];

/** Whether all that the newest archives show is in the catalog, and nothing was refused or damaged. */
export function isUpToDate(result: CatalogStatusResult): boolean {
  return problemsOf(result).length === 0;
}

/** The state of the catalog for people: what is wrong first, what to do about it last. */
export function renderCatalogStatus(result: CatalogStatusResult, folder: string): string[] {
  const { server, indexer, topics } = result;
  const problems = problemsOf(result);
  return [
    ...formatPairs([
      ['Catalog', problems.length === 0 ? 'up to date' : `NOT up to date: ${problems.join(', ')}`],
      ['Elasticsearch', `${server.clusterName}, version ${server.serverVersion}`],
      ...indexerPairs(indexer, folder),
    ]),
    ...damagedLines(indexer),
    '',
    ...(server.indices.length === 0 ? ['No index yet.'] : indexTable(server.indices)),
    '',
    ...(topics.length === 0
      ? [
          'No records are indexed: catalog.records has no rule for the topics of the newest archive.',
        ]
      : topicTable(topics)),
    ...steps(result),
  ];
}

/** What is known where Elasticsearch does not answer. */
export function renderIndexerStatus(indexer: Indexer, folder: string): string[] {
  return [
    ...formatPairs([
      ['Elasticsearch', 'not reachable: cannot count indexed documents'],
      ...indexerPairs(indexer, folder),
    ]),
    ...damagedLines(indexer),
  ];
}

function indexerPairs(indexer: Indexer, folder: string): [string, string][] {
  const { archives, waiting, lagMs, oldestWaiting, deadLetters, otherRules } = indexer;
  const parts = [
    `${formatCount(archives.indexed)} of ${formatCount(archives.committed)} indexed`,
    ...(archives.waiting > 0 ? [`${formatCount(archives.waiting)} to go`] : []),
    ...(archives.incomplete > 0 ? [`${formatCount(archives.incomplete)} damaged`] : []),
  ];
  const left = `${counted(waiting.segments, 'segment')}, ${counted(waiting.records, 'record')}, ${formatBytes(waiting.bytes)} to go`;
  const oldest = oldestWaiting === undefined ? '' : `, oldest ${oldestWaiting}`;
  return [
    ['Archives', parts.join(', ')],
    [
      'Lag',
      archives.waiting === 0
        ? 'none'
        : `${lagMs === undefined ? 'unknown' : formatDuration(lagMs)}: ${left}${oldest}`,
    ],
    [
      'Dead letters',
      deadLetters === 0
        ? 'none'
        : `${counted(deadLetters, 'record')}, listed in ${folder}/dead-letters`,
    ],
    ...(otherRules.segments === 0
      ? []
      : [
          [
            'Other rules',
            `${counted(otherRules.records, 'record')} of ${someOf(otherRules.topics)} indexed by earlier rules`,
          ] satisfies [string, string],
        ]),
  ];
}

const damagedLines = ({ failed }: Indexer): string[] =>
  failed.map(
    ({ archive, segment, message }) =>
      `Damaged: ${segment === undefined ? archive : `${archive}, ${segment}`}: ${message}`,
  );

function indexTable(indices: CatalogStatusResult['server']['indices']): string[] {
  return formatTable(
    [{ title: 'INDEX' }, { title: 'DOCUMENTS', align: 'right' }, { title: 'SIZE', align: 'right' }],
    indices.map(({ index, documents, bytes }) => [
      index,
      formatCount(documents),
      formatBytes(bytes),
    ]),
  );
}

/** Names of topics, not more than fit a line. */
function someOf(topics: readonly string[]): string {
  const shown = topics.slice(0, 5).join(', ');
  return topics.length > 5 ? `${shown} and ${formatCount(topics.length - 5)} more` : shown;
}

/** Topics of several clusters may have the same name. */
function topicTable(topics: readonly TopicCount[]): string[] {
  const right = (title: string): Column => ({ title, align: 'right' });
  const hasClusters = new Set(topics.map(({ cluster }) => cluster)).size > 1;
  const hasValues = topics.some(({ values }) => values !== undefined);
  const columns: Column[] = [
    { title: 'TOPIC' },
    ...(hasClusters ? [{ title: 'CLUSTER' }] : []),
    right('ARCHIVED'),
    right('INDEXED'),
    ...(hasValues ? [right('BY SCHEMA'), right('BINARY')] : []),
    { title: '' },
  ];
  const rows = topics.map(({ topic, cluster, archived, indexed, values }) => [
    topic,
    ...(hasClusters ? [cluster] : []),
    formatCount(archived),
    formatCount(indexed),
    ...(hasValues
      ? [values?.decoded, values?.binary].map((count) =>
          count === undefined ? '' : formatCount(count),
        )
      : []),
    difference(archived, indexed),
  ]);
  return formatTable(columns, rows);
}

function difference(archived: number, indexed: number): string {
  if (archived === indexed) return 'all';
  return indexed < archived
    ? `${formatCount(archived - indexed)} missing`
    : `${formatCount(indexed - archived)} too many`;
}

const sumOf = (counts: readonly number[]): number =>
  counts.reduce((sum, count) => sum + Math.max(0, count), 0);

/** Records that the catalog lacks, and those that it should not have. */
function wrongCounts(topics: readonly TopicCount[]): { missing: number; extra: number } {
  return {
    missing: sumOf(topics.map(({ archived, indexed }) => archived - indexed)),
    extra: sumOf(topics.map(({ archived, indexed }) => indexed - archived)),
  };
}

function problemsOf({ indexer, topics }: CatalogStatusResult): string[] {
  const { archives, deadLetters } = indexer;
  const { otherMasks } = indexer.otherRules;
  const { missing, extra } = wrongCounts(topics);
  const problems: readonly (readonly [number, string])[] = [
    [archives.waiting, `${counted(archives.waiting, 'archive')} to go`],
    [missing, `${counted(missing, 'record')} missing`],
    [extra, `${counted(extra, 'record')} too many`],
    [deadLetters, counted(deadLetters, 'dead letter')],
    [archives.incomplete, counted(archives.incomplete, 'damaged archive')],
    [otherMasks.segments, `${counted(otherMasks.records, 'record')} with other masks`],
  ];
  return problems.flatMap(([count, problem]) => (count > 0 ? [problem] : []));
}

/** What to do next, for each thing that is wrong; the backups themselves are not touched by any of it. */
function steps({ indexer, topics }: CatalogStatusResult): string[] {
  const { archives, deadLetters, otherRules } = indexer;
  const { missing, extra } = wrongCounts(topics);
  const lines = [
    ...(archives.waiting > 0
      ? [
          'Run kops catalog rebuild to index the remaining archives now; an archiver with a catalog or the next backup also indexes them.',
        ]
      : []),
    ...(deadLetters > 0
      ? [
          'Correct what made Elasticsearch reject the records (usually a pipeline; each dead letter has the reason), then run kops catalog rebuild.',
        ]
      : []),
    // A dead letter is missing, too.
    ...(missing > deadLetters && archives.waiting === 0
      ? ['Run kops catalog rebuild: documents that were indexed are missing.']
      : []),
    ...(extra > 0
      ? ['Run kops catalog rebuild --drop: the catalog has records that are in no archive.']
      : []),
    ...(archives.incomplete > 0
      ? ['Run kops verify to find the damage in the repository, then check the other copies.']
      : []),
  ];
  const { otherMasks } = otherRules;
  if (otherMasks.segments > 0)
    lines.push(
      `Run kops catalog rebuild --drop to apply the current masks: masked values are possibly readable in ${someOf(otherMasks.topics)}.`,
    );
  else if (otherRules.segments > 0)
    lines.push('Run kops catalog rebuild to apply the current rules.');
  return lines.length === 0 ? [] : ['', ...lines.map((line) => `Next: ${line}`)];
}
