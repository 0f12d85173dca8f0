import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  wholeCluster,
  appendSegments,
  countHoles,
  emptySegmentList,
  newArchiveId,
  newToken,
  SegmentEntryBuilder,
  segmentKey,
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
import { createRepository, type NewObject, type Repository } from '@kops/repository';

export const cluster = 'MkU3OEVBNTcwNTJENDM2Qg';
export const firstTime = 1_772_000_000_000;

/** Batches of segments of partitions of topics. */
export type StoredTopics = Readonly<
  Record<string, readonly (readonly (readonly Uint8Array[])[])[]>
>;

/** A record; key, value and time say its offset unless told otherwise. */
export function recordAt(offset: number, fields: Partial<KafkaRecord> = {}): KafkaRecord {
  return {
    offset: BigInt(offset),
    timestamp: BigInt(firstTime + offset * 1000),
    key: Buffer.from(`key-${String(offset)}`),
    value: Buffer.from(JSON.stringify({ order: offset, card: `4929-${String(offset)}` })),
    headers: [],
    ...fields,
  };
}

export function batchOf(
  records: readonly KafkaRecord[],
  options: Partial<EncodeOptions> = {},
): Uint8Array {
  return encodeBatch(records, {
    codec: 'zstd',
    timestampType: 'CreateTime',
    partitionLeaderEpoch: 1,
    ...options,
  });
}

/** Records in a transaction of producer 7. */
export function transactionOf(records: readonly KafkaRecord[]): Uint8Array {
  return batchOf(records, {
    producerId: 7n,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional: true,
  });
}

/** The marker that ends the transaction of producer 7. */
export function markerOf(offset: number, type: 'commit' | 'abort'): Uint8Array {
  const key = Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0]);
  return batchOf([recordAt(offset, { key, value: Buffer.alloc(6) })], {
    codec: 'none',
    producerId: 7n,
    producerEpoch: 0,
    isTransactional: true,
    isControl: true,
  });
}

async function putSegment(
  { store }: Repository,
  of: { readonly topicId: string; readonly partition: number },
  batches: readonly Uint8Array[],
): Promise<SegmentEntry> {
  const builder = new SegmentEntryBuilder();
  const views = batches.map((batch) => new RecordBatchView(batch));
  for (const view of views) builder.add(view);
  const bytes = Buffer.concat(batches);
  const { baseOffset } = views[0]!;
  const key = segmentKey({ clusterId: cluster, ...of, token: newToken(), baseOffset });
  await store.putIfAbsent(key, bytes);
  return builder.finish({ key, plaintextSha256: createHash('sha256').update(bytes).digest('hex') });
}

const topicIdOf = (topic: string): string =>
  createHash('sha256').update(topic).digest('hex').slice(0, 32);

interface StoredPartition {
  readonly shown: PartitionManifest;
  readonly objects: readonly NewObject[];
}

async function storePartition(
  repository: Repository,
  topic: string,
  partition: number,
  segments: readonly (readonly Uint8Array[])[],
): Promise<StoredPartition> {
  const topicId = topicIdOf(topic);
  const entries: SegmentEntry[] = [];
  for (const batches of segments)
    entries.push(await putSegment(repository, { topicId, partition }, batches));
  const list = appendSegments(emptySegmentList({ cluster, topicId, partition }), entries);
  const stored = await repository.putSegmentList(list);
  const logStart = entries[0]?.slice.start ?? 0n;
  const cut = entries.at(-1)?.slice.end ?? 0n;
  const shown: PartitionManifest = {
    partition,
    lineage: {
      topicId,
      derivedTopicId: false,
      partition,
      leaderEpochs: [{ epoch: 1, startOffset: 0n }],
    },
    logStart,
    highWatermark: cut,
    lastStableOffset: cut,
    cut,
    list: stored.sha256,
    baseline: true,
    segments: entries.length,
    records: null,
    plaintextBytes: entries.reduce((sum, { plaintextBytes }) => sum + plaintextBytes, 0),
    holes: countHoles(list, logStart, cut),
    losses: [],
    openTransactions: [],
    watermarks: { 'file:': cut },
  };
  const objects = entries.map(({ key, storedBytes: bytes, storedSha256: sha256 }) => ({
    key,
    bytes,
    sha256,
  }));
  return { shown, objects: [...objects, stored] };
}

/** Makes a repository in a directory, with one archive of these topics. Returns the archive's id. */
export async function storeArchive(
  directory: string,
  topics: StoredTopics,
  fields: Partial<Manifest> = {},
): Promise<string> {
  const repository = await createRepository(await openFileStore(directory, { create: true }));
  const archive = fields.archive ?? newArchiveId();
  const stored = await Promise.all(
    Object.entries(topics).map(async ([name, partitions]) => ({
      name,
      partitions: await Promise.all(
        partitions.map((segments, partition) =>
          storePartition(repository, name, partition, segments),
        ),
      ),
    })),
  );
  const manifest = {
    version: 1 as const,
    archive,
    series: archive,
    kind: 'snapshot' as const,
    generation: 0,
    parent: null,
    cluster: { id: cluster, brokers: [] },
    kopsVersion: '0.1.0',
    startedAt: '2026-01-31T23:59:59.000Z',
    endedAt: '2026-01-31T23:59:59.000Z',
    isolation: 'read_committed' as const,
    copies: ['file:'],
    topics: stored.map(({ name, partitions }) => ({
      name,
      topicId: topicIdOf(name),
      derivedTopicId: false,
      internal: false,
      partitionCount: partitions.length,
      replicationFactor: 1,
      configs: [],
      partitions: partitions.map(({ shown }) => shown),
    })),
    groups: [],
    selection: wholeCluster,
    deletedSinceParent: [],
    signature: null,
    ...fields,
  };
  const newObjects = stored.flatMap(({ partitions }) =>
    partitions.flatMap(({ objects }) => objects),
  );
  await repository.commitArchive(manifest, { newObjects });
  return archive;
}

/** Changes a byte in the records of the first batch of a partition. */
export async function damageFirstSegment(
  directory: string,
  topic: string,
  partition: number,
): Promise<void> {
  const folder = join(directory, 'segments', cluster, topicIdOf(topic), String(partition));
  const names = await readdir(folder, { recursive: true });
  const name = names.find((found) => found.endsWith(`${'0'.repeat(20)}.log`));
  if (name === undefined) throw new Error(`no segment in ${folder}`);
  await using file = await open(join(folder, name), 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 80);
  await file.write(Buffer.from([buffer.readUInt8() ^ 0xff]), 0, 1, 80);
}
