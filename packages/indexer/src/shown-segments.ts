import type { ArchiveCommit } from '@kops/archive-format';
import { throwIfAborted } from '@kops/core';
import { openArchive, type Repository } from '@kops/repository';
import { addRange, subtractRanges, type OffsetRange } from './offset-ranges.ts';
import type { IndexState } from './state/index-state.ts';

/** What archives show of a segment. */
export interface ShownSegment {
  readonly slices: readonly OffsetRange[];
  /** The same, each offset once, with the archive that its documents are to name. */
  readonly parts: readonly ShownPart[];
}

/** Offsets of a segment that an archive shows. */
export interface ShownPart {
  readonly archive: string;
  readonly range: OffsetRange;
}

/**
 * What the archives that are left show of segments that are in the catalog. Of several that show the same the newest is named,
 * since it stays longest: with the oldest, each retirement would change every document.
 * @throws KOPS_MANIFEST_INVALID when an archive cannot be read
 */
export async function readShownSegments(
  repository: Repository,
  state: IndexState,
  live: readonly ArchiveCommit[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, ShownSegment>> {
  const shown = new Map<string, ShownSegment>();
  const seen = new Set<string>();
  for (const ref of newestFirst(state, live)) {
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
          if (!state.segments.has(key)) continue;
          const range = { from: slice.start, to: slice.end };
          shown.set(key, withRange(shown.get(key), range, ref.archive));
        }
      }
    }
  }
  return shown;
}

/** Those that are not in the catalog yet come last. */
function newestFirst({ archives }: IndexState, live: readonly ArchiveCommit[]): ArchiveCommit[] {
  const isKnown = ({ archive }: ArchiveCommit): boolean => archives.has(archive);
  return [...live.filter(isKnown).reverse(), ...live.filter((ref) => !isKnown(ref)).reverse()];
}

function withRange(
  { slices, parts }: ShownSegment = { slices: [], parts: [] },
  range: OffsetRange,
  archive: string,
): ShownSegment {
  const added = subtractRanges([range], slices).map((part) => ({ archive, range: part }));
  return { slices: addRange(slices, range), parts: [...parts, ...added] };
}
