import {
  isOfWholeCluster,
  type ArchiveCommit,
  type Manifest,
  type PartitionManifest,
  type SelectedTopics,
} from '@kops/archive-format';

/** What of a range is missing. */
export interface LossCount {
  /** Gaps. */
  readonly count: number;
  /** Offsets in them. */
  readonly offsets: bigint;
}

/** Sums over partitions. */
export interface Totals {
  readonly partitions: number;
  /** Control records included; where an archive does not know all, those it knows. */
  readonly records: number;
  /** False where the records of some partition are not known. */
  readonly recordsKnown: boolean;
  /** Offsets that the log itself lacks; those that are known. */
  readonly holes: bigint;
  readonly losses: LossCount;
  /** Record batch bytes as the brokers had them. Archives share segments: less may be stored for this one. */
  readonly bytes: number;
}

/** One archive in a line. */
export interface ArchiveSummary extends Totals {
  readonly archive: string;
  readonly cluster: string;
  readonly kind: 'snapshot' | 'generation';
  readonly series: string;
  readonly generation: number;
  readonly parent: string | null;
  /** Labels by the clock of the archiver, ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly topics: number;
  readonly groups: number;
  /** Which topics of the cluster the backup was asked for. */
  readonly selection: SelectedTopics;
  /** Whether that is a part of the cluster: `latest` is then this archive only for topics of this part. */
  readonly isSubset: boolean;
}

/** Offsets that are lost in partitions. */
export function countLosses(partitions: readonly Pick<PartitionManifest, 'losses'>[]): LossCount {
  const losses = partitions.flatMap((partition) => partition.losses);
  return {
    count: losses.length,
    offsets: losses.reduce((sum, { from, to }) => sum + (to - from), 0n),
  };
}

/** Sums up partitions. */
export function totalsOf(partitions: readonly PartitionManifest[]): Totals {
  return {
    partitions: partitions.length,
    records: partitions.reduce((sum, { records }) => sum + (records ?? 0), 0),
    recordsKnown: partitions.every(({ records }) => records !== null),
    holes: partitions.reduce((sum, { holes }) => sum + (holes?.offsets ?? 0n), 0n),
    losses: countLosses(partitions),
    bytes: partitions.reduce((sum, { plaintextBytes }) => sum + plaintextBytes, 0),
  };
}

/** Sums up an archive. */
export function summarizeArchive(ref: ArchiveCommit, manifest: Manifest): ArchiveSummary {
  const { kind, series, generation, parent, startedAt, endedAt, topics, groups } = manifest;
  const totals = totalsOf(topics.flatMap(({ partitions }) => partitions));
  const { count, offsets } = totals.losses;
  return {
    archive: ref.archive,
    cluster: ref.cluster,
    kind,
    series,
    generation,
    parent,
    startedAt,
    endedAt,
    topics: topics.length,
    groups: groups.length,
    selection: manifest.selection,
    isSubset: !isOfWholeCluster(manifest.selection),
    ...totals,
    losses: { count: count + (manifest.groupFaults?.length ?? 0), offsets },
  };
}
