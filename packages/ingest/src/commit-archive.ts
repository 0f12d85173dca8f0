import {
  appendSegments,
  countHoles,
  countRecords,
  emptySegmentList,
  sliceList,
  type Manifest,
  type PartitionManifest,
  type SegmentList,
  type TopicManifest,
} from '@kops/archive-format';
import { mapLimit, type Offset } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { NewObject, Repository } from '@kops/repository';
import type { CommittedArchive } from '@kops/transport';
import type { ClusterSnapshot, TopicSnapshot } from './cluster-snapshot.ts';
import type { PartitionSink } from './partition-sink.ts';
import { settleTransactions } from './settle-transactions.ts';

/** A partition as an archive is to show it. */
export interface CutPartition {
  readonly sink: PartitionSink;
  readonly cut: Offset;
  readonly highWatermark: Offset;
  readonly lastStableOffset: Offset;
  /** Log start as it is now. */
  readonly logStart: Offset;
}

/** Everything an archive is made of. */
export interface ArchiveParts {
  readonly kafka: KafkaClient;
  /** One per copy. */
  readonly repositories: readonly Repository[];
  readonly snapshot: ClusterSnapshot;
  readonly partitions: readonly CutPartition[];
  /** Segments that an earlier archive of this capture names already. */
  readonly archived: ReadonlySet<string>;
  readonly identity: Pick<
    Manifest,
    | 'archive'
    | 'series'
    | 'kind'
    | 'generation'
    | 'parent'
    | 'isolation'
    | 'selection'
    | 'deletedSinceParent'
    | 'kopsVersion'
    | 'startedAt'
    | 'endedAt'
  >;
}

interface BuiltPartition {
  readonly manifest: PartitionManifest;
  readonly newObjects: readonly NewObject[];
  /** Keys of the sink's segments that the archive shows. */
  readonly shown: readonly string[];
}

const parallelLists = 8;
/** In characters: FORMAT.md. */
const maxReason = 1024;

/**
 * Writes the lists and the manifest and commits them in every copy. Everything the sinks sealed must be published.
 * Also tells which of the sinks' segments the archive shows.
 */
export async function commitArchive(
  parts: ArchiveParts,
): Promise<{ committed: CommittedArchive; segments: readonly string[] }> {
  const built = await mapLimit(parts.partitions, parallelLists, (partition) =>
    buildPartition(parts, partition),
  );
  const manifest = buildManifest(parts, built);
  const newObjects = built
    .flatMap((partition) => partition.newObjects)
    .filter(({ key }) => !parts.archived.has(key));
  let sequence = 0;
  for (const repository of parts.repositories) {
    const commit = await repository.commitArchive(manifest, { newObjects });
    sequence = commit.sequence;
  }
  const segments = built.flatMap((partition) => partition.shown);
  return { committed: summarize(manifest, sequence, newObjects), segments };
}

async function buildPartition(
  { kafka, repositories }: ArchiveParts,
  partition: CutPartition,
): Promise<BuiltPartition> {
  const { sink, cut } = partition;
  // What was acknowledged is in one archive at least, also where the log start has passed it before the first that could show it.
  const passed = least(partition.logStart, sink.archivedEnd);
  // A log start beyond the cut leaves nothing to show.
  const logStart = least(passed > sink.logStart ? passed : sink.logStart, cut);
  const [list, unchanged] = await buildList(repositories, partition, logStart);
  const stored =
    unchanged ?? (list.segments.length === 0 ? null : await putList(repositories, list));
  const losses = sink.told.losses
    .filter((loss) => loss.reason === 'truncation' || loss.from < cut || loss.from === loss.to)
    .map((loss) => (loss.reason === 'truncation' ? loss : { ...loss, to: least(loss.to, cut) }));
  const lost = losses.filter((loss) => loss.reason !== 'truncation');
  const purges = sink.told.purges
    .filter(({ from }) => from < cut)
    .map((purge) => ({ ...purge, to: least(purge.to, cut) }));
  const records = countRecords(list, logStart, cut);
  const manifest: PartitionManifest = {
    partition: sink.plan.snapshot.partition,
    lineage: {
      topicId: sink.plan.topic.topicId,
      derivedTopicId: sink.plan.topic.derivedTopicId,
      partition: sink.plan.snapshot.partition,
      leaderEpochs: [...sink.leaderEpochs],
    },
    logStart,
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    cut,
    list: stored?.sha256 ?? null,
    baseline: sink.plan.mode === 'baseline',
    ...(sink.plan.mode === 'extend'
      ? {}
      : { baselineReason: sink.plan.reason.slice(0, maxReason) }),
    segments: list.segments.length,
    records: records === null ? null : Number(records),
    plaintextBytes: list.segments.reduce((sum, entry) => sum + entry.plaintextBytes, 0),
    holes: countHoles(list, logStart, cut, lost),
    losses,
    ...(purges.length === 0 ? {} : { purges }),
    openTransactions: await settleTransactions(kafka, sink, partition),
    watermarks: Object.fromEntries(repositories.map(({ store }) => [store.url, sink.durable])),
  };
  const shown = new Set(list.segments.map(({ key }) => key));
  const segments = sink.entries
    .filter(({ key }) => shown.has(key))
    .map(({ key, storedBytes, storedSha256 }) => ({
      key,
      bytes: storedBytes,
      sha256: storedSha256,
    }));
  return {
    manifest,
    newObjects: stored === null || unchanged !== undefined ? segments : [...segments, stored],
    shown: segments.map(({ key }) => key),
  };
}

const least = (a: Offset, b: Offset): Offset => (a < b ? a : b);

/** The partition's list; with it the parent's own, where nothing has changed. */
async function buildList(
  repositories: readonly Repository[],
  { sink, cut }: CutPartition,
  logStart: Offset,
): Promise<[SegmentList, NewObject | undefined]> {
  const { parent, topic, snapshot } = sink.plan;
  const empty = emptySegmentList({
    cluster: sink.identity.clusterId,
    topicId: topic.topicId,
    partition: snapshot.partition,
  });
  const sha256 = parent?.partition.list ?? null;
  const inherited =
    sha256 === null ? empty : ((await repositories[0]?.readSegmentList(sha256)) ?? empty);
  const before = sliceList(inherited, 0n, sink.parentEnd);
  const list = sliceList(appendSegments(before, sink.entries), logStart, cut);
  const same =
    sha256 !== null &&
    list.segments.length === inherited.segments.length &&
    list.segments.every((entry, index) => entry === inherited.segments[index]);
  return [list, same ? { key: '', bytes: 0, sha256 } : undefined];
}

async function putList(repositories: readonly Repository[], list: SegmentList): Promise<NewObject> {
  const [first] = await Promise.all(
    repositories.map((repository) => repository.putSegmentList(list)),
  );
  if (first === undefined) throw new RangeError('an archive needs a copy');
  return first;
}

function buildManifest(
  { snapshot, partitions, identity, repositories }: ArchiveParts,
  built: readonly BuiltPartition[],
): Manifest {
  const byTopic = Map.groupBy(
    partitions.map((partition, index) => ({ partition, built: built[index] })),
    ({ partition }) => partition.sink.plan.topic.topicId,
  );
  const current = new Map(snapshot.topics.map((topic) => [topic.topicId, topic]));
  const topics = [...byTopic].flatMap(([topicId, members]): TopicManifest[] => {
    const planned = members.map(({ partition }) => partition.sink.plan.topic);
    const topic = current.get(topicId) ?? planned.at(-1);
    return topic === undefined ? [] : [describeTopic(topic, planned, members)];
  });
  topics.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    version: 1,
    ...identity,
    cluster: {
      id: snapshot.cluster.clusterId,
      brokers: snapshot.cluster.brokers.map((broker) => ({ ...broker })),
    },
    copies: repositories.map(({ store }) => store.url),
    topics,
    groups: [...snapshot.groups],
    ...groupFaultsOf(snapshot),
    signature: null,
  };
}

function groupFaultsOf({ groupFaults = [] }: ClusterSnapshot): Pick<Manifest, 'groupFaults'> {
  if (groupFaults.length === 0) return {};
  return {
    groupFaults: groupFaults.map(({ group, error: { code, message } }) => ({
      group,
      code,
      detail: message.slice(0, 1024),
    })),
  };
}

function describeTopic(
  topic: TopicSnapshot,
  planned: readonly TopicSnapshot[],
  members: readonly { readonly built: BuiltPartition | undefined }[],
): TopicManifest {
  return {
    name: topic.name,
    topicId: topic.topicId,
    derivedTopicId: topic.derivedTopicId,
    internal: topic.internal,
    // Those that were captured: more may have come since.
    partitionCount: Math.max(...planned.map(({ partitions }) => partitions.length)),
    replicationFactor: topic.replicationFactor,
    configs: [...topic.configs],
    partitions: members
      .flatMap(({ built }) => (built === undefined ? [] : [built.manifest]))
      .sort((a, b) => a.partition - b.partition),
  };
}

function summarize(
  manifest: Manifest,
  sequence: number,
  newObjects: readonly NewObject[],
): CommittedArchive {
  const partitions = manifest.topics.flatMap((topic) => topic.partitions);
  const segments = newObjects.filter(({ key }) => key.startsWith('segments/'));
  const sum = (values: readonly number[]): bigint =>
    values.reduce((total, value) => total + BigInt(value), 0n);
  return {
    archive: manifest.archive,
    sequence,
    generation: manifest.generation,
    topics: manifest.topics.length,
    partitions: partitions.length,
    groups: manifest.groups.length,
    records: sum(partitions.map(({ records }) => records ?? 0)),
    bytes: sum(partitions.map(({ plaintextBytes }) => plaintextBytes)),
    newBytes: sum(segments.map(({ bytes }) => bytes)),
    newSegments: segments.length,
    losses: partitions.reduce(
      (total, { losses }) => total + losses.length,
      manifest.groupFaults?.length ?? 0,
    ),
    copies: manifest.copies,
  };
}
