import type { ArchiveCommit } from '@kops/archive-format';
import { lineageId, type RecordRange } from '@kops/catalog';
import type { Repository } from '@kops/repository';
import { attributeRetired } from './attribute-retired.ts';
import type { WithCatalog } from './catalog-work.ts';
import { ChangedSegments } from './changed-segments.ts';
import type { DeadLetterFiles } from './dead-letter.ts';
import type { RetireReport } from './index-report.ts';
import { subtractRanges, type OffsetRange } from './offset-ranges.ts';
import { readShownSegments } from './shown-segments.ts';
import type { IndexState, SegmentState } from './state/index-state.ts';
import type { StateFile } from './state/state-file.ts';

/** What retiring works with. */
export interface RetireContext {
  readonly repository: Repository;
  readonly state: StateFile;
  readonly deadLetters: DeadLetterFiles;
  readonly signal: AbortSignal | undefined;
  readonly withCatalog: WithCatalog;
}

/** Archives that are known, and that the commit log does not have any more. */
export function findRetired(state: IndexState, live: readonly ArchiveCommit[]): string[] {
  const ids = new Set(live.map(({ archive }) => archive));
  return [...state.archives.keys()].filter((archive) => !ids.has(archive));
}

/**
 * Takes archives out of the catalog, and what only they showed; what others show, too, names one of these. What that is follows from the archives that are left and from
 * what was written: the retired archives' own objects may be swept already. The state forgets them last, so that a retirement
 * that was interrupted is done again.
 * @throws KOPS_MANIFEST_INVALID when an archive that is left cannot be read: nobody knows then what it shows
 */
export async function retireArchives(
  context: RetireContext,
  retired: readonly string[],
  live: readonly ArchiveCommit[],
): Promise<RetireReport> {
  const { repository, state, deadLetters, withCatalog, signal } = context;
  const { url } = repository.store;
  await withCatalog((catalog, call) => catalog.deleteArchives(url, retired, call));
  const shown = await readShownSegments(repository, state.state, live, signal);
  const known = [...state.state.segments.values()];
  const leaving = known.flatMap((segment) => {
    const slices = shown.get(segment.segment)?.slices ?? [];
    const gone = subtractRanges(segment.written, slices);
    return gone.length === 0 && slices.length > 0 ? [] : [{ segment, slices, gone }];
  });
  const ranges = leaving.flatMap(rangesOf);
  const records =
    ranges.length === 0
      ? 0
      : await withCatalog((catalog, call) => catalog.deleteRecords(ranges, call));
  const unused = leaving.filter(({ slices }) => slices.length === 0);
  const keys = unused.map(({ segment }) => segment.segment);
  const segments = await withCatalog((catalog, call) => catalog.deleteSegments(url, keys, call));
  const changed = new ChangedSegments(state.state);
  for (const left of leaving) changed.narrow(left, await dropLetters(deadLetters, left));
  changed.uncover(leaving);
  const named = await attributeRetired({
    ...{ withCatalog, deadLetters, retired, shown },
    segments: changed.all(),
  });
  for (const segment of named) changed.set(segment);
  await state.record([
    ...changed.changes(live),
    ...retired.map((forgetArchive) => ({ forgetArchive })),
  ]);
  return { archives: retired, segments, records };
}

/** A segment of which something leaves. */
export interface Leaving {
  readonly segment: SegmentState;
  /** What archives that are left show of it. */
  readonly slices: readonly OffsetRange[];
  /** What none shows. */
  readonly gone: readonly OffsetRange[];
}

function rangesOf({ segment, gone }: Leaving): RecordRange[] {
  const lineage = lineageId(segment.cluster, segment.topicId);
  const { partition, segment: key } = segment;
  return gone.map((range) => ({ lineage, partition, ...range, segment: key }));
}

/** Removes the dead letters of what nobody shows; resolves with the number of those that are left. */
async function dropLetters(files: DeadLetterFiles, { segment, gone }: Leaving): Promise<number> {
  let left = segment.deadLetters;
  for (const range of gone) left = await files.replace(segment.segment, range, undefined);
  return left;
}
