import { createHash } from 'node:crypto';
import {
  wholeCluster,
  appendSegments,
  countHoles,
  countRecords,
  emptySegmentList,
  newArchiveId,
  newToken,
  segmentKey,
  SegmentEntryBuilder,
  type GroupManifest,
  type Manifest,
  type PartitionManifest,
  type SegmentEntry,
  type TopicConfig,
  type TopicManifest,
} from '@kops/archive-format';
import type { ObjectStore } from '@kops/object-store';
import { createMemoryStore } from '@kops/object-store/memory';
import { RecordBatchView } from '@kops/record-batch';
import {
  createRepository,
  openArchive,
  type Archive,
  type NewObject,
  type Repository,
} from '@kops/repository';

export const sourceCluster = 'MkU3OEVBNTcwNTJENDM2Qg';

/** A partition to archive: its batches as a broker stored them. */
export interface PartitionFixture {
  readonly batches: readonly Uint8Array[];
  readonly logStart?: bigint;
  readonly cut?: bigint;
  readonly losses?: PartitionManifest['losses'];
  readonly batchesPerSegment?: number;
}

/** A topic to archive. */
export interface TopicFixture {
  readonly name: string;
  readonly partitions: readonly PartitionFixture[];
  readonly configs?: readonly TopicConfig[];
  readonly replicationFactor?: number;
}

/** What an archive of these topics would say and hold, committed to a repository. */
export async function archiveOf(
  topics: readonly TopicFixture[],
  options: { readonly groups?: readonly GroupManifest[]; readonly store?: ObjectStore } = {},
): Promise<Archive> {
  const repository = await createRepository(options.store ?? createMemoryStore());
  const objects: NewObject[] = [];
  const manifests: TopicManifest[] = [];
  for (const topic of topics) {
    const topicId = newToken();
    const partitions: PartitionManifest[] = [];
    for (const [partition, fixture] of topic.partitions.entries()) {
      partitions.push(await putPartition(repository, objects, { topicId, partition }, fixture));
    }
    manifests.push({
      name: topic.name,
      topicId,
      derivedTopicId: false,
      internal: false,
      partitionCount: topic.partitions.length,
      replicationFactor: topic.replicationFactor ?? 1,
      configs: [...(topic.configs ?? [])],
      partitions,
    });
  }
  const ref = await repository.commitArchive(manifestOf(manifests, options.groups ?? []), {
    newObjects: objects,
  });
  return await openArchive(repository, ref);
}

async function putPartition(
  repository: Repository,
  objects: NewObject[],
  place: { readonly topicId: string; readonly partition: number },
  fixture: PartitionFixture,
): Promise<PartitionManifest> {
  const entries = await putSegments(repository.store, place, fixture);
  for (const { key, storedBytes, storedSha256 } of entries)
    objects.push({ key, bytes: storedBytes, sha256: storedSha256 });
  const list = appendSegments(emptySegmentList({ cluster: sourceCluster, ...place }), entries);
  const stored = entries.length === 0 ? undefined : await repository.putSegmentList(list);
  if (stored !== undefined) objects.push(stored);
  const first = entries[0]?.slice.start ?? 0n;
  const { logStart = first, cut = entries.at(-1)?.slice.end ?? 0n, losses = [] } = fixture;
  const records = countRecords(list, logStart, cut);
  return {
    partition: place.partition,
    lineage: { ...place, derivedTopicId: false, leaderEpochs: [] },
    logStart,
    highWatermark: cut,
    lastStableOffset: cut,
    cut,
    list: stored === undefined ? null : list256(stored),
    baseline: true,
    segments: entries.length,
    records: records === null ? null : Number(records),
    plaintextBytes: entries.reduce((sum, entry) => sum + entry.plaintextBytes, 0),
    holes: countHoles(list, logStart, cut, losses),
    losses,
    openTransactions: [],
    watermarks: {},
  };
}

function list256(stored: NewObject): string {
  // A list's key names the digest of its canonical text.
  const digest = /([0-9a-f]{64})/.exec(stored.key)?.[1];
  if (digest === undefined) throw new Error(`no digest in ${stored.key}`);
  return digest;
}

/** A manifest without a repository, for plans. */
export function manifestOf(
  topics: readonly TopicManifest[],
  groups: readonly GroupManifest[] = [],
): Manifest {
  const archive = newArchiveId();
  return {
    version: 1,
    archive,
    series: archive,
    kind: 'snapshot',
    generation: 0,
    parent: null,
    cluster: { id: sourceCluster, brokers: [] },
    kopsVersion: '0.1.0',
    startedAt: '',
    endedAt: '',
    isolation: 'read_committed',
    copies: ['memory:'],
    topics: [...topics],
    groups: [...groups],
    selection: wholeCluster,
    deletedSinceParent: [],
    signature: null,
  };
}

async function putSegments(
  store: ObjectStore,
  place: { readonly topicId: string; readonly partition: number },
  { batches, batchesPerSegment = 5, cut }: PartitionFixture,
): Promise<SegmentEntry[]> {
  const entries: SegmentEntry[] = [];
  for (let at = 0; at < batches.length; at += batchesPerSegment) {
    const builder = new SegmentEntryBuilder();
    const views = batches
      .slice(at, at + batchesPerSegment)
      .map((bytes) => new RecordBatchView(bytes));
    for (const view of views) builder.add(view);
    const bytes = Buffer.concat(views.map((view) => view.bytes));
    const baseOffset = views[0]?.baseOffset ?? 0n;
    const key = segmentKey({ clusterId: sourceCluster, ...place, token: newToken(), baseOffset });
    await store.putIfAbsent(key, bytes);
    const entry = builder.finish({
      key,
      plaintextSha256: createHash('sha256').update(bytes).digest('hex'),
    });
    entries.push(
      cut !== undefined && entry.slice.end > cut
        ? { ...entry, slice: { ...entry.slice, end: cut } }
        : entry,
    );
  }
  return entries;
}
