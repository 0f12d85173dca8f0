import type { ArchiveCommit } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import { findLatest } from './latest-archive.ts';
import type { ArchiveWanted } from './repository.ts';

/** Where an archive is looked for. */
export interface ArchiveScope extends ArchiveWanted {
  readonly repository: string;
  readonly retired: (id: string) => boolean;
}

/** Fewer characters than this are no short form of an id. */
const minShortId = 4;
const namedArchives = 5;

/** The archive an operator means: an id, the unambiguous beginning of one or of its random part, or `latest`. @throws KOPS_ARCHIVE_NOT_FOUND, KOPS_TOPIC_NOT_FOUND, KOPS_USAGE */
export function findArchive(
  archives: readonly ArchiveCommit[],
  wanted: string,
  scope: ArchiveScope,
): ArchiveCommit {
  const { cluster } = scope;
  const candidates = archives.filter(
    (archive) => cluster === undefined || archive.cluster === cluster,
  );
  if (cluster !== undefined && candidates.length === 0)
    throw unknownCluster(archives, cluster, scope);
  if (wanted === 'latest') return findLatest(candidates, scope);
  const found =
    candidates.find(({ archive }) => archive === wanted) ?? byShortId(candidates, wanted, scope);
  if (found === undefined) throw notFound(candidates, wanted, scope);
  return found;
}

/** A cluster that no archive is of, with those that are there. */
export function unknownCluster(
  archives: readonly ArchiveCommit[],
  cluster: string,
  { repository }: Pick<ArchiveScope, 'repository'>,
): KopsError {
  const clusters = [...new Set(archives.map((archive) => archive.cluster))].sort();
  return new KopsError(
    'KOPS_ARCHIVE_NOT_FOUND',
    `the repository holds no archive of cluster '${cluster}'`,
    {
      at: { repository },
      hint:
        clusters.length === 0
          ? "The repository contains no archives. Create one with 'kops backup'."
          : `Use --cluster with one of its clusters: ${clusters.join(', ')}.`,
    },
  );
}

function byShortId(
  candidates: readonly ArchiveCommit[],
  wanted: string,
  { repository }: ArchiveScope,
): ArchiveCommit | undefined {
  if (wanted.length < minShortId) return undefined;
  const matching = candidates.filter(
    ({ archive }) => archive.startsWith(wanted) || randomPart(archive).startsWith(wanted),
  );
  if (matching.length <= 1) return matching[0];
  const named = matching.slice(-namedArchives).map(({ archive }) => archive);
  const others = matching.length - named.length;
  throw new KopsError(
    'KOPS_USAGE',
    `'${wanted}' is ambiguous: ${String(matching.length)} archives have ids that start with it`,
    {
      at: { repository },
      hint: `Use more characters of one of these ids: ${named.join(', ')}${others > 0 ? ` (and ${String(others)} older)` : ''}.`,
    },
  );
}

const randomPart = (archive: string): string => archive.slice(archive.indexOf('-') + 1);

function notFound(
  candidates: readonly ArchiveCommit[],
  wanted: string,
  at: Pick<ArchiveScope, 'repository' | 'retired'>,
): KopsError {
  const near = nearest(candidates, wanted);
  return new KopsError(
    'KOPS_ARCHIVE_NOT_FOUND',
    at.retired(wanted) ? `archive '${wanted}' was pruned` : `there is no archive '${wanted}'`,
    {
      at: { repository: at.repository, archive: wanted },
      hint:
        near.length === 0
          ? 'The repository contains no archives.'
          : `Use one of the nearest archives: ${near.join(', ')}.`,
    },
  );
}

/** Up to three ids that begin most like the one that was asked for; the newest first where equally so. */
function nearest(candidates: readonly ArchiveCommit[], wanted: string): string[] {
  return candidates
    .map(({ archive }, order) => ({ archive, order, shared: sharedPrefix(archive, wanted) }))
    .sort((a, b) => b.shared - a.shared || b.order - a.order)
    .slice(0, 3)
    .map(({ archive }) => archive);
}

function sharedPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
