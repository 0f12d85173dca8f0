import {
  coversSelection,
  coversTopics,
  describeSelection,
  isOfWholeCluster,
  type ArchiveCommit,
} from '@kops/archive-format';
import { counted, KopsError } from '@kops/core';
import type { ArchiveWanted } from './repository.ts';

interface LatestScope extends ArchiveWanted {
  readonly repository: string;
}

/**
 * What `latest` means among the archives of one cluster: the newest one that covers what is asked for. Archives of parts of the cluster are passed
 * over where more is wanted, and `onNotice` is told.
 * @throws KOPS_ARCHIVE_NOT_FOUND, KOPS_TOPIC_NOT_FOUND; KOPS_USAGE where it is ambiguous
 */
export function findLatest(
  candidates: readonly ArchiveCommit[],
  scope: LatestScope,
): ArchiveCommit {
  const { repository, topics = [], onNotice } = scope;
  requireOneCluster(candidates, repository);
  const newestFirst = candidates.toReversed();
  const found =
    topics.length === 0
      ? requireWidest(newestFirst, repository)
      : requireCovering(newestFirst, topics, repository);
  for (const notice of notices(newestFirst, found, topics)) onNotice?.(notice);
  return found;
}

/**
 * The newest archive of the whole cluster; without any, the newest that is of all topics that others are of; undefined where none is.
 * @param newestFirst archives of one cluster
 */
export function findWidest(newestFirst: readonly ArchiveCommit[]): ArchiveCommit | undefined {
  const complete = newestFirst.filter(({ selection }) => !selection.leftovers);
  if (complete.length === 0) return newestFirst[0];
  const selections = distinct(complete);
  return (
    complete.find(({ selection }) => isOfWholeCluster(selection)) ??
    complete.find(({ selection }) =>
      selections.every((other) => coversSelection(selection, other.selection)),
    )
  );
}

/** The newest archive of each selection, the newest first. */
function distinct(archives: readonly ArchiveCommit[]): ArchiveCommit[] {
  const bySelection = new Map<string, ArchiveCommit>();
  for (const archive of archives) {
    const key = JSON.stringify(archive.selection.topics.toSorted());
    if (!bySelection.has(key)) bySelection.set(key, archive);
  }
  return [...bySelection.values()];
}

function requireWidest(newestFirst: readonly ArchiveCommit[], repository: string): ArchiveCommit {
  if (newestFirst.length === 0) throw noArchive(repository);
  const found = findWidest(newestFirst);
  if (found !== undefined) return found;
  const parts = distinct(newestFirst.filter(({ selection }) => !selection.leftovers));
  throw new KopsError(
    'KOPS_USAGE',
    "'latest' is ambiguous: no archive contains all topics of the cluster",
    {
      at: { repository },
      hint: `Select one with --archive: ${parts.slice(0, 5).map(describe).join(', ')}.`,
    },
  );
}

function requireCovering(
  newestFirst: readonly ArchiveCommit[],
  topics: readonly string[],
  repository: string,
): ArchiveCommit {
  if (newestFirst.length === 0) throw noArchive(repository);
  const newestOf = (wanted: readonly string[]): ArchiveCommit | undefined =>
    newestFirst.find(({ selection }) => wanted.every((topic) => coversTopics(selection, topic)));
  const found = newestOf(topics);
  if (found !== undefined) return found;
  const each = topics.map((topic) => ({ topic, archive: newestOf([topic]) }));
  const missing = each.find(({ archive }) => archive === undefined);
  if (missing !== undefined) {
    throw new KopsError(
      'KOPS_TOPIC_NOT_FOUND',
      `no backup in the repository selected topic '${missing.topic}'`,
      {
        at: { repository, topic: missing.topic },
        hint: "Run 'kops archives list' to see the topics of each archive, and select one with --archive.",
      },
    );
  }
  const places = each.map(({ topic, archive }) => `'${topic}' in ${archive?.archive ?? ''}`);
  throw new KopsError('KOPS_ARCHIVE_NOT_FOUND', 'no single archive contains all of these topics', {
    at: { repository },
    hint: `Run the command once for each topic, with --archive: ${places.slice(0, 10).join(', ')}.`,
  });
}

function requireOneCluster(candidates: readonly ArchiveCommit[], repository: string): void {
  const clusters = [...new Set(candidates.map((archive) => archive.cluster))].sort();
  if (clusters.length <= 1) return;
  throw new KopsError(
    'KOPS_USAGE',
    `'latest' is ambiguous: the repository holds archives of clusters ${clusters.join(', ')}`,
    { at: { repository }, hint: 'Select the cluster with --cluster.' },
  );
}

function noArchive(repository: string): KopsError {
  return new KopsError('KOPS_ARCHIVE_NOT_FOUND', 'the repository holds no archive', {
    at: { repository },
    hint: "Create one with 'kops backup'.",
  });
}

function notices(
  newestFirst: readonly ArchiveCommit[],
  found: ArchiveCommit,
  topics: readonly string[],
): string[] {
  const passed = newestFirst.slice(0, newestFirst.indexOf(found));
  const [newest] = passed;
  const { topics: selected, exclude, leftovers } = found.selection;
  const asked = topics.length === 0 ? 'the whole cluster' : topics.join(', ');
  return [
    ...(newest === undefined
      ? []
      : [
          `Using archive ${found.archive}: ${counted(passed.length, 'newer archive')} ${passed.length === 1 ? 'does' : 'do'} not cover ${asked} (the newest: ${describe(newest)}).`,
        ]),
    ...(topics.length === 0 &&
    (leftovers || !isOfWholeCluster(found.selection) || exclude.length > 0)
      ? [
          `Archive ${found.archive} does not hold all topics of the cluster: ${selected.length + exclude.length === 0 ? 'it holds ' : 'it was made with '}${describeSelection(found.selection)}.`,
        ]
      : []),
  ];
}

function describe({ archive, selection }: ArchiveCommit): string {
  const text = describeSelection(selection);
  return text === '' ? archive : `${archive} (${text})`;
}
