import { createHash } from 'node:crypto';
import {
  wholeCluster,
  appendSegments,
  countHoles,
  countRecords,
  emptySegmentList,
  newArchiveId,
  newToken,
  SegmentEntryBuilder,
  segmentKey,
  visibleEntries,
  type ArchiveCommit,
  type Manifest,
  type PartitionManifest,
  type SegmentEntry,
} from '@kops/archive-format';
import { openFileStore } from '@kops/object-store/file';
import {
  encodeBatch,
  RecordBatchView,
  type EncodeOptions,
  type KafkaRecord,
} from '@kops/record-batch';
import { createRepository, openArchive, type NewObject, type Repository } from '@kops/repository';

export const cluster = 'MkU3OEVBNTcwNTJENDM2Qg';

/** Id of a topic, out of its name. */
export const topicIdOf = (topic: string): string =>
  createHash('sha256').update(topic).digest('hex').slice(0, 32);

export const firstTime = 1_700_000_000_000;

/** Order `n`: found by its key, by the number in its value and by its time. */
export function orderOf(n: number, fields: Partial<KafkaRecord> = {}): KafkaRecord {
  return {
    offset: BigInt(n),
    timestamp: BigInt(firstTime + n * 1000),
    key: Buffer.from(`key-${String(n)}`),
    value: Buffer.from(JSON.stringify({ order: `id${String(n)}`, state: 'open' })),
    headers: [{ key: 'trace', value: Buffer.from(`t-${String(n)}`) }],
    ...fields,
  };
}

export function encode(
  records: readonly KafkaRecord[],
  options: Partial<EncodeOptions> = {},
): Uint8Array {
  return encodeBatch(records, {
    codec: 'none',
    timestampType: 'CreateTime',
    partitionLeaderEpoch: 1,
    ...options,
  });
}

/** Batches of `perBatch` orders from offset `from` to before `to`. */
export function ordersOf(
  from: number,
  to: number,
  { perBatch = 50, ...options }: Partial<EncodeOptions> & { perBatch?: number } = {},
): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let first = from; first < to; first += perBatch) {
    const length = Math.min(perBatch, to - first);
    batches.push(
      encode(
        Array.from({ length }, (_, index) => orderOf(first + index)),
        options,
      ),
    );
  }
  return batches;
}

/** Orders of one transaction. */
export function transactionOf(from: number, to: number, producerId: bigint): Uint8Array {
  const records = Array.from({ length: to - from }, (_, index) => orderOf(from + index));
  return encode(records, { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true });
}

/** A transaction marker as a broker writes it. */
export function markerOf(offset: number, producerId: bigint, type: 'commit' | 'abort'): Uint8Array {
  const key = Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0]);
  return encode([orderOf(offset, { key, value: Buffer.alloc(6), headers: [] })], {
    producerId,
    producerEpoch: 0,
    isTransactional: true,
    isControl: true,
  });
}

/** An empty repository in a directory. */
export async function newRepository(directory: string): Promise<Repository> {
  return createRepository(await openFileStore(directory, { create: true }));
}

/** Writes one segment. */
export async function putSegment(
  { store }: Repository,
  { topic = 'orders', partition = 0 }: { topic?: string; partition?: number },
  batches: readonly Uint8Array[],
): Promise<SegmentEntry> {
  const builder = new SegmentEntryBuilder();
  const views = batches.map((batch) => new RecordBatchView(batch));
  for (const view of views) builder.add(view);
  const bytes = Buffer.concat(batches);
  const key = segmentKey({
    clusterId: cluster,
    topicId: topicIdOf(topic),
    partition,
    token: newToken(),
    baseOffset: views[0]!.baseOffset,
  });
  await store.putIfAbsent(key, bytes);
  return builder.finish({ key, plaintextSha256: createHash('sha256').update(bytes).digest('hex') });
}

/** What an archive shows of one partition. */
export interface ShownPartition {
  readonly topic?: string;
  readonly partition?: number;
  /** Batches are written as new segments; entries are those of earlier archives. */
  readonly segments: readonly (readonly Uint8Array[] | SegmentEntry)[];
  readonly logStart?: number;
  readonly cut?: number;
  readonly openTransactions?: PartitionManifest['openTransactions'];
}

interface Built {
  readonly topic: string;
  readonly manifest: PartitionManifest;
  readonly newObjects: readonly NewObject[];
}

const isEntry = (segment: readonly Uint8Array[] | SegmentEntry): segment is SegmentEntry =>
  'slice' in segment && 'key' in segment;

const objectOf = ({ key, storedBytes, storedSha256 }: SegmentEntry): NewObject => ({
  key,
  bytes: storedBytes,
  sha256: storedSha256,
});

async function build(repository: Repository, shown: ShownPartition): Promise<Built> {
  const { topic = 'orders', partition = 0 } = shown;
  const entries: SegmentEntry[] = [];
  const newObjects: NewObject[] = [];
  for (const segment of shown.segments) {
    const entry = isEntry(segment)
      ? segment
      : await putSegment(repository, { topic, partition }, segment);
    if (!isEntry(segment)) newObjects.push(objectOf(entry));
    entries.push(entry);
  }
  const topicId = topicIdOf(topic);
  const list = appendSegments(emptySegmentList({ cluster, topicId, partition }), entries);
  const stored = await repository.putSegmentList(list);
  const logStart = BigInt(shown.logStart ?? entries[0]?.slice.start ?? 0);
  const cut = BigInt(shown.cut ?? entries.at(-1)?.slice.end ?? 0);
  const records = countRecords(list, logStart, cut);
  const manifest: PartitionManifest = {
    partition,
    lineage: { topicId, derivedTopicId: false, partition, leaderEpochs: [] },
    logStart,
    highWatermark: cut,
    lastStableOffset: cut,
    cut,
    list: stored.sha256,
    baseline: true,
    segments: entries.length,
    records: records === null ? null : Number(records),
    plaintextBytes: entries.reduce((sum, entry) => sum + entry.plaintextBytes, 0),
    holes: countHoles(list, logStart, cut),
    losses: [],
    openTransactions: [...(shown.openTransactions ?? [])],
    watermarks: {},
  };
  return { topic, manifest, newObjects: [...newObjects, stored] };
}

/** An archive and the entries of its partitions, in the order in which these were given. */
export interface Committed {
  readonly ref: ArchiveCommit;
  readonly id: string;
  readonly segments: readonly (readonly SegmentEntry[])[];
}

/** Commits an archive that shows these partitions. */
export async function commit(
  repository: Repository,
  shown: readonly ShownPartition[],
  fields: Partial<Manifest> = {},
): Promise<Committed> {
  const built: Built[] = [];
  for (const partition of shown) built.push(await build(repository, partition));
  const archive = newArchiveId();
  const names = [...new Set(built.map(({ topic }) => topic))];
  const manifest: Manifest = {
    version: 1,
    archive,
    series: archive,
    kind: 'snapshot',
    generation: 0,
    parent: null,
    cluster: { id: cluster, brokers: [] },
    kopsVersion: '0.1.0',
    startedAt: '2026-01-31T23:59:58.000Z',
    endedAt: '2026-01-31T23:59:59.000Z',
    isolation: 'read_committed',
    copies: ['memory:'],
    topics: names.map((name) => {
      const partitions = built.filter(({ topic }) => topic === name).map((of) => of.manifest);
      return {
        name,
        topicId: topicIdOf(name),
        derivedTopicId: false,
        internal: false,
        partitionCount: partitions.length,
        replicationFactor: 1,
        configs: [],
        partitions,
      };
    }),
    groups: [],
    selection: wholeCluster,
    deletedSinceParent: [],
    signature: null,
    ...fields,
  };
  const newObjects = built.flatMap((partition) => partition.newObjects);
  const ref = await repository.commitArchive(manifest, { newObjects });
  const opened = await openArchive(repository, ref);
  const segments: SegmentEntry[][] = [];
  for (const { topic, manifest: of } of built) {
    const { partition } = of;
    const list = await opened.segments({ topic, partition });
    segments.push(visibleEntries(list, of.logStart, of.cut));
  }
  return { ref, id: archive, segments };
}

/** What a consumer of an archive sees, as `topic/partition/offset`. */
export async function shownRecords(repository: Repository, id: string): Promise<string[]> {
  const archive = await openArchive(repository, id);
  const found: string[] = [];
  for (const topic of archive.manifest.topics) {
    for (const { partition } of topic.partitions) {
      for await (const { offset } of archive.readRecords({ topic: topic.name, partition }))
        found.push(`${topic.name}/${String(partition)}/${String(offset)}`);
    }
  }
  return found.sort();
}
