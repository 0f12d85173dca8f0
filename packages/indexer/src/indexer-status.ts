import { join } from 'node:path';
import type { ArchiveCommit } from '@kops/archive-format';
import { compilePolicy, fingerprintRules, type RecordPolicy, type RecordRule } from '@kops/catalog';
import { systemClock, type Clock } from '@kops/core';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { openArchive, openRepository, type Repository } from '@kops/repository';
import type { FailedPart } from './index-report.ts';
import type { IndexerActivity } from './indexer-port.ts';
import { addRange, subtractRanges, type OffsetRange } from './offset-ranges.ts';
import { isDamage } from './plain-error.ts';
import { bytesOf, missingRanges, recordsOf } from './plan-partition.ts';
import type { IndexState } from './state/index-state.ts';
import { countOtherRules, type OtherRules } from './other-rules.ts';
import { loadState } from './state/state-file.ts';
import { statePaths } from './state/state-paths.ts';

/** How far an indexer is, against the commit log. */
export interface IndexerStatus {
  readonly activity: IndexerActivity;
  readonly archives: {
    readonly committed: number;
    /** Whole, with their document. */
    readonly indexed: number;
    /** Tried, and damaged somewhere. */
    readonly incomplete: number;
    /** Not tried to the end yet. */
    readonly waiting: number;
  };
  /** What of the archives that wait is to be indexed. Counts of records include control records, and are estimated where a segment is shown in part. */
  readonly waiting: {
    readonly segments: number;
    readonly records: number;
    readonly bytes: number;
  };
  /** Age of the oldest archive that waits, since its backup ended, in ms; undefined when none waits. */
  readonly lagMs: number | undefined;
  readonly oldestWaiting: string | undefined;
  readonly deadLetters: number;
  readonly failed: readonly FailedPart[];
  /** What is in the catalog by other rules of `catalog.records`, or another `catalog.hashKey`, than those that hold now. A rebuild applies these. */
  readonly otherRules: OtherRules;
}

/** Where to look for a status without opening an indexer. */
export interface ReadStatusOptions {
  readonly repositoryUrl: string;
  readonly stateDirectory: string;
  readonly records: readonly RecordRule[];
  /** `catalog.hashKey`, if there is one. */
  readonly hashKey?: string;
  readonly clock?: Clock;
}

/**
 * The status of an indexer that another process may be running: reads its files, and owns nothing.
 * @throws KOPS_REPOSITORY_NOT_FOUND, KOPS_OBJECT_CORRUPT for a damaged state
 */
export async function readIndexerStatus(
  options: ReadStatusOptions,
): Promise<Omit<IndexerStatus, 'activity'>> {
  const { directory } = parseRepositoryUrl(options.repositoryUrl);
  const repository = await openRepository(await openFileStore(directory));
  const { id } = repository.info;
  const { state } = await loadState(statePaths(join(options.stateDirectory, id)).state, id);
  return describeState(repository, state, { clock: systemClock, ...options });
}

/** Compares a state with the commit log. */
export async function describeState(
  repository: Repository,
  state: IndexState,
  context: Pick<ReadStatusOptions, 'records' | 'hashKey'> & { readonly clock: Clock },
): Promise<Omit<IndexerStatus, 'activity'>> {
  const live = await repository.archives();
  const policyOf = compilePolicy(context.records);
  const withStatus = (status: string) =>
    live.filter(({ archive }) => state.archives.get(archive)?.status === status).length;
  const waiting = live.filter(({ archive }) => {
    const status = state.archives.get(archive)?.status;
    return status === undefined || status === 'begun';
  });
  const [oldest] = waiting;
  return {
    archives: {
      committed: live.length,
      indexed: withStatus('done'),
      incomplete: withStatus('incomplete'),
      waiting: waiting.length,
    },
    waiting: await countWaiting(repository, state, lastOfSeries(waiting), policyOf),
    lagMs: oldest === undefined ? undefined : await ageOf(repository, oldest, context.clock),
    oldestWaiting: oldest?.archive,
    deadLetters: [...state.segments.values()].reduce((sum, of) => sum + of.deadLetters, 0),
    failed: failedParts(state),
    otherRules: countOtherRules(state, fingerprintRules(context.records, context.hashKey)),
  };
}

/** Archives of a series have each other's segments: the last has nearly all that is new. */
function lastOfSeries(archives: readonly ArchiveCommit[]): ArchiveCommit[] {
  return [...new Map(archives.map((ref) => [ref.series, ref])).values()];
}

async function ageOf(
  repository: Repository,
  ref: ArchiveCommit,
  clock: Clock,
): Promise<number | undefined> {
  try {
    const { endedAt } = await repository.readManifest(ref);
    return Math.max(0, clock.now() - Date.parse(endedAt));
  } catch (error) {
    // That it is damaged is said when it is indexed.
    if (isDamage(error)) return undefined;
    throw error;
  }
}

async function countWaiting(
  repository: Repository,
  state: IndexState,
  refs: readonly ArchiveCommit[],
  policyOf: (topic: string) => RecordPolicy,
): Promise<IndexerStatus['waiting']> {
  const counted = new Map<string, OffsetRange[]>();
  const sum = { segments: 0, records: 0, bytes: 0 };
  for (const ref of refs) {
    for await (const entry of indexedEntries(repository, ref, policyOf)) {
      const before = counted.get(entry.key) ?? [];
      const missing = subtractRanges(
        missingRanges(entry, state.segments.get(entry.key)?.covered ?? []),
        before,
      );
      if (missing.length === 0) continue;
      if (before.length === 0) sum.segments++;
      for (const { from, to } of missing) {
        const part = { ...entry, slice: { ...entry.slice, start: from, end: to } };
        sum.records += recordsOf(part);
        sum.bytes += bytesOf(part);
      }
      counted.set(entry.key, missing.reduce(addRange, before));
    }
  }
  return sum;
}

async function* indexedEntries(
  repository: Repository,
  ref: ArchiveCommit,
  policyOf: (topic: string) => RecordPolicy,
) {
  try {
    const archive = await openArchive(repository, ref);
    for (const { name: topic, partitions } of archive.manifest.topics) {
      if (policyOf(topic).level === 'none') continue;
      for (const { partition } of partitions)
        yield* (await archive.segments({ topic, partition })).segments;
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
}

function failedParts(state: IndexState): FailedPart[] {
  const archives = [...state.archives.values()].flatMap(({ archive, failure }) =>
    failure === undefined ? [] : [{ archive, ...failure }],
  );
  const segments = [...state.segments.values()].flatMap(
    ({ segment, topic, partition, failure, archive }) =>
      failure === undefined ? [] : [{ archive, segment, topic, partition, ...failure }],
  );
  return [...archives, ...segments];
}
