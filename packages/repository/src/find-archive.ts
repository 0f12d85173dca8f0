import type { ArchiveCommit } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { ArchiveSelection } from './repository.ts';

/** The archive an operator means. @throws KOPS_ARCHIVE_NOT_FOUND, KOPS_USAGE */
export function findArchive(
  archives: readonly ArchiveCommit[],
  wanted: string,
  at: { repository: string; retired: (id: string) => boolean } & ArchiveSelection,
): ArchiveCommit {
  const candidates = archives.filter(
    (archive) => at.cluster === undefined || archive.cluster === at.cluster,
  );
  if (wanted === 'latest') return latest(candidates, at);
  const found = candidates.find((archive) => archive.archive === wanted);
  if (found === undefined) throw notFound(candidates, wanted, at);
  return found;
}

function latest(
  candidates: readonly ArchiveCommit[],
  at: { repository: string } & ArchiveSelection,
): ArchiveCommit {
  const clusters = [...new Set(candidates.map((archive) => archive.cluster))].sort();
  if (clusters.length > 1) {
    throw new KopsError(
      'KOPS_USAGE',
      `'latest' is ambiguous: the repository holds archives of clusters ${clusters.join(', ')}`,
      {
        at: { repository: at.repository },
        hint: 'Name the cluster with --cluster.',
      },
    );
  }
  const last = candidates.at(-1);
  if (last !== undefined) return last;
  const of = at.cluster === undefined ? '' : ` of cluster '${at.cluster}'`;
  throw new KopsError('KOPS_ARCHIVE_NOT_FOUND', `the repository holds no archive${of}`, {
    at: { repository: at.repository },
    hint:
      at.cluster === undefined
        ? "Make one with 'kops backup'."
        : "List what there is with 'kops archives list'.",
  });
}

function notFound(
  candidates: readonly ArchiveCommit[],
  wanted: string,
  at: { repository: string; retired: (id: string) => boolean },
): KopsError {
  const near = nearest(candidates, wanted);
  return new KopsError(
    'KOPS_ARCHIVE_NOT_FOUND',
    at.retired(wanted) ? `archive '${wanted}' was pruned` : `there is no archive '${wanted}'`,
    {
      at: { repository: at.repository, archive: wanted },
      hint:
        near.length === 0
          ? 'The repository holds no archives.'
          : `The nearest are: ${near.join(', ')}.`,
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
