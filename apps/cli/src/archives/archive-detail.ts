import type {
  DeletedTopic,
  GroupFault,
  GroupManifest,
  Loss,
  Manifest,
  PartitionManifest,
  TopicConfig,
  TopicManifest,
} from '@kops/archive-format';
import { selectTopics } from '@kops/core';
import type { Archive } from '@kops/repository';
import { summarizeArchive, totalsOf, type ArchiveSummary, type Totals } from './archive-summary.ts';

/** A partition of an archive. */
export interface PartitionDetail {
  readonly partition: number;
  /** The archive shows the offsets [logStart, cut). */
  readonly logStart: bigint;
  readonly cut: bigint;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  /** Control records included; null where unknown. */
  readonly records: number | null;
  /** Offsets that the log itself lacks; null where unknown. */
  readonly holes: bigint | null;
  readonly losses: readonly Pick<Loss, 'from' | 'to' | 'reason' | 'detail' | 'segment'>[];
  /** Deletions that the configuration expects: no losses. */
  readonly purges: readonly {
    readonly from: bigint;
    readonly to: bigint;
    readonly detail: string;
  }[];
  readonly bytes: number;
  readonly segments: number;
  /** Captured from its log start, or extending the parent archive. */
  readonly mode: 'baseline' | 'extended';
  /** Why it was captured from its log start; null where it extends the parent archive. */
  readonly baselineReason: string | null;
  /** Transactions open at the cut, or with cuts on both sides of their end. */
  readonly openTransactions: number;
  /** Archived watermark by copy. */
  readonly watermarks: Readonly<Record<string, bigint>>;
}

/** A topic of an archive. */
export interface TopicDetail {
  readonly name: string;
  readonly topicId: string;
  readonly internal: boolean;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly configs: readonly TopicConfig[];
  readonly totals: Totals;
  readonly partitions: readonly PartitionDetail[];
}

/** All that an archive says of itself. */
export interface ArchiveDetail {
  readonly repository: string;
  readonly summary: ArchiveSummary;
  readonly kopsVersion: string;
  readonly isolation: 'read_committed' | 'read_uncommitted';
  readonly brokers: Manifest['cluster']['brokers'];
  readonly copies: readonly string[];
  /** Topics that an earlier archive holds and the cluster no longer had, and the last archive that holds each. */
  readonly deletedSinceParent: readonly DeletedTopic[];
  readonly topics: readonly TopicDetail[];
  readonly groups: readonly GroupManifest[];
  /** Groups whose offsets could not be read. */
  readonly groupFaults: readonly GroupFault[];
}

/**
 * What an archive holds, of the topics chosen and the groups that have offsets there.
 * @throws KOPS_TOPIC_NOT_FOUND for a name or glob without a topic
 */
export function describeArchive(archive: Archive, chosen: readonly string[]): ArchiveDetail {
  const { manifest, ref, repository } = archive;
  const { kopsVersion, isolation, cluster, copies } = manifest;
  const all = manifest.topics.map(({ name }) => name);
  const names = new Set(
    chosen.length === 0 ? all : selectTopics(all, { include: chosen, exclude: [] }),
  );
  const topics = manifest.topics.filter(({ name }) => names.has(name));
  return {
    repository: repository.store.url,
    summary: summarizeArchive(ref, manifest),
    kopsVersion,
    isolation,
    brokers: cluster.brokers,
    copies,
    deletedSinceParent: manifest.deletedSinceParent,
    topics: topics.map(topicDetail),
    groupFaults: manifest.groupFaults ?? [],
    groups: chosen.length === 0 ? manifest.groups : groupsOf(manifest.groups, names),
  };
}

function groupsOf(groups: readonly GroupManifest[], topics: ReadonlySet<string>): GroupManifest[] {
  return groups.flatMap((group) => {
    const offsets = group.offsets.filter(({ topic }) => topics.has(topic));
    return offsets.length === 0 ? [] : [{ ...group, offsets }];
  });
}

function topicDetail(topic: TopicManifest): TopicDetail {
  const { name, topicId, internal, partitionCount, replicationFactor, configs, partitions } = topic;
  return {
    name,
    topicId,
    internal,
    partitionCount,
    replicationFactor,
    configs,
    totals: totalsOf(partitions),
    partitions: partitions.map(partitionDetail),
  };
}

function partitionDetail(manifest: PartitionManifest): PartitionDetail {
  const {
    partition,
    logStart,
    cut,
    highWatermark,
    lastStableOffset,
    records,
    segments,
    watermarks,
  } = manifest;
  return {
    partition,
    logStart,
    cut,
    highWatermark,
    lastStableOffset,
    records,
    holes: manifest.holes?.offsets ?? null,
    losses: manifest.losses.map(({ from, to, reason, detail, segment }) => ({
      from,
      to,
      reason,
      detail,
      ...(segment === undefined ? {} : { segment }),
    })),
    purges: (manifest.purges ?? []).map(({ from, to, detail }) => ({ from, to, detail })),
    bytes: manifest.plaintextBytes,
    segments,
    mode: manifest.baseline ? 'baseline' : 'extended',
    baselineReason: manifest.baselineReason ?? null,
    openTransactions: manifest.openTransactions.length,
    watermarks,
  };
}
