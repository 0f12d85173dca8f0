import type { ArchiveCommit } from '@kops/archive-format';
import { lineageId, type RecordRange } from '@kops/catalog';
import { throwIfAborted } from '@kops/core';
import { openArchive, type Repository } from '@kops/repository';
import type { WithCatalog } from './catalog-work.ts';
import type { DeadLetterFiles } from './dead-letter.ts';
import type { RetireReport } from './index-report.ts';
import { addRange, intersectRanges, subtractRanges, type OffsetRange } from './offset-ranges.ts';
import type { IndexState, SegmentState, StateChange } from './state/index-state.ts';
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
 * Takes archives out of the catalog, and what only they showed. What that is follows from the archives that are left and from
 * what was written: the retired archives' own objects may be swept already. The state forgets them last, so that a retirement
 * that was interrupted is done again.
 * @throws KOPS_MANIFEST_INVALID when an archive that is left cannot be read: nobody knows then what it shows
 */
export async function retireArchives(
  context: RetireContext,
  retired: readonly string[],
  live: readonly ArchiveCommit[],
): Promise<RetireReport> {
  const { repository, state, deadLetters, withCatalog } = context;
  const { url } = repository.store;
  await withCatalog((catalog, call) => catalog.deleteArchives(url, retired, call));
  const shown = await shownSlices(context, live);
  const leaving = [...state.state.segments.values()].flatMap((segment) => {
    const slices = shown.get(segment.segment) ?? [];
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
  const changes: StateChange[] = [];
  for (const left of leaving) changes.push(narrowed(left, await dropLetters(deadLetters, left)));
  changes.push(
    ...uncovered(state.state, leaving, live),
    ...retired.map((forgetArchive) => ({ forgetArchive })),
  );
  await state.record(changes);
  return { archives: retired, segments, records };
}

interface Leaving {
  readonly segment: SegmentState;
  /** What archives that are left show of it. */
  readonly slices: readonly OffsetRange[];
  /** What none shows. */
  readonly gone: readonly OffsetRange[];
}

/** What the archives that are left show of segments that are in the catalog. */
async function shownSlices(
  { repository, state, signal }: RetireContext,
  live: readonly ArchiveCommit[],
): Promise<Map<string, OffsetRange[]>> {
  const shown = new Map<string, OffsetRange[]>();
  const seen = new Set<string>();
  for (const ref of live) {
    const archive = await openArchive(repository, ref);
    for (const topic of archive.manifest.topics) {
      for (const { partition, list, logStart, cut } of topic.partitions) {
        throwIfAborted(signal);
        // Archives share lists where nothing was produced in between.
        const same = `${String(list)} ${String(logStart)} ${String(cut)}`;
        if (list === null || seen.has(same)) continue;
        seen.add(same);
        const { segments } = await archive.segments({ topic: topic.name, partition });
        for (const { key, slice } of segments) {
          if (!state.state.segments.has(key)) continue;
          const range = { from: slice.start, to: slice.end };
          shown.set(key, addRange(shown.get(key) ?? [], range));
        }
      }
    }
  }
  return shown;
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

function narrowed({ segment, slices }: Leaving, deadLetters: number): StateChange {
  if (slices.length === 0) return { forgetSegment: segment.segment };
  const covered = intersectRanges(segment.covered, slices);
  const written = intersectRanges(segment.written, slices);
  return { segment: { ...segment, covered, written, deadLetters } };
}

/**
 * Where a log was truncated, or compacted and read anew, two segments hold the same offsets, and the catalog has the records of
 * the one that was written later. When that one goes, the other's are to be written again.
 */
function uncovered(
  state: IndexState,
  leaving: readonly Leaving[],
  live: readonly ArchiveCommit[],
): StateChange[] {
  const goneSegments = new Set(leaving.map(({ segment }) => segment.segment));
  const changes = [...state.segments.values()].flatMap((other): StateChange[] => {
    if (goneSegments.has(other.segment)) return [];
    const overwritten = leaving
      .filter(({ segment }) => segment.order > other.order && isSamePartition(segment, other))
      .flatMap(({ gone }) => gone);
    const covered = subtractRanges(other.covered, overwritten);
    const isSame = intersectRanges(other.covered, overwritten).length === 0;
    return isSame ? [] : [{ segment: { ...other, covered } }];
  });
  if (changes.length === 0) return [];
  return [
    ...changes,
    ...live
      .filter(({ archive }) => state.archives.has(archive))
      .map(({ archive }): StateChange => ({ archive: { archive, status: 'begun' } })),
  ];
}

function isSamePartition(a: SegmentState, b: SegmentState): boolean {
  return a.partition === b.partition && a.topicId === b.topicId && a.cluster === b.cluster;
}
