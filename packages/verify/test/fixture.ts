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
  type ArchiveCommit,
  type Manifest,
  type PartitionManifest,
  type SegmentEntry,
} from '@kops/archive-format';
import {
  encodeBatch,
  RecordBatchView,
  type EncodeOptions,
  type KafkaRecord,
} from '@kops/record-batch';
import type { NewObject, Repository } from '@kops/repository';

export const cluster = 'MkU3OEVBNTcwNTJENDM2Qg';
export const topicId = '0123456789abcdef0123456789abcdef';

/** A record whose key and value say its offset, unless told otherwise. */
export function recordOf(offset: number, fields: Partial<KafkaRecord> = {}): KafkaRecord {
  return {
    offset: BigInt(offset),
    timestamp: 1_700_000_000_000n + BigInt(offset),
    key: Buffer.from(`k${String(offset)}`),
    value: Buffer.from(`v${String(offset)}`),
    headers: [],
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

/** A batch of `count` records from `first` on. */
export function batchOf(
  first: number,
  count: number,
  options: Partial<EncodeOptions> = {},
): Uint8Array {
  return encode(
    Array.from({ length: count }, (_, index) => recordOf(first + index)),
    options,
  );
}

/** A transaction marker as a broker writes it. */
export function markerOf(offset: number, producerId: bigint, type: 'commit' | 'abort'): Uint8Array {
  const key = Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0]);
  return encode([recordOf(offset, { key, value: Buffer.alloc(6) })], {
    producerId,
    producerEpoch: 0,
    isTransactional: true,
    isControl: true,
  });
}

export interface PartitionSpec {
  /** Batches by segment. */
  readonly segments: readonly (readonly Uint8Array[])[];
  readonly fields?: Partial<PartitionManifest>;
}

async function putSegment(
  { store }: Repository,
  partition: number,
  batches: readonly Uint8Array[],
): Promise<SegmentEntry> {
  const builder = new SegmentEntryBuilder();
  const views = batches.map((batch) => new RecordBatchView(batch));
  for (const view of views) builder.add(view);
  const bytes = Buffer.concat(batches);
  const key = segmentKey({
    clusterId: cluster,
    topicId,
    partition,
    token: newToken(),
    baseOffset: views[0]!.baseOffset,
  });
  await store.putIfAbsent(key, bytes);
  const plaintextSha256 = createHash('sha256').update(bytes).digest('hex');
  return builder.finish({ key, plaintextSha256 });
}

interface BuiltPartition {
  readonly manifest: PartitionManifest;
  readonly newObjects: readonly NewObject[];
}

async function buildPartition(
  repository: Repository,
  { segments, fields = {} }: PartitionSpec,
  partition: number,
): Promise<BuiltPartition> {
  const entries: SegmentEntry[] = [];
  for (const batches of segments) entries.push(await putSegment(repository, partition, batches));
  const list = appendSegments(emptySegmentList({ cluster, topicId, partition }), entries);
  const stored = entries.length === 0 ? undefined : await repository.putSegmentList(list);
  const logStart = fields.logStart ?? entries[0]?.slice.start ?? 0n;
  const cut = fields.cut ?? entries.at(-1)?.slice.end ?? 0n;
  const records = countRecords(list, logStart, cut);
  const manifest: PartitionManifest = {
    partition,
    lineage: { topicId, derivedTopicId: false, partition, leaderEpochs: [] },
    logStart,
    highWatermark: cut,
    lastStableOffset: cut,
    cut,
    list: stored?.sha256 ?? null,
    baseline: true,
    segments: entries.length,
    records: records === null ? null : Number(records),
    plaintextBytes: entries.reduce((sum, entry) => sum + entry.plaintextBytes, 0),
    holes: countHoles(list, logStart, cut, fields.losses ?? []),
    losses: [],
    openTransactions: [],
    watermarks: {},
    ...fields,
  };
  const objects = entries.map(({ key, storedBytes, storedSha256 }) => ({
    key,
    bytes: storedBytes,
    sha256: storedSha256,
  }));
  return { manifest, newObjects: stored === undefined ? objects : [...objects, stored] };
}

/** Commits an archive of the topic `orders`. */
export async function commit(
  repository: Repository,
  specs: readonly PartitionSpec[],
  fields: { readonly configs?: Manifest['topics'][number]['configs'] } = {},
): Promise<ArchiveCommit> {
  const built: BuiltPartition[] = [];
  for (const [index, spec] of specs.entries())
    built.push(await buildPartition(repository, spec, index));
  const partitions = built.map(({ manifest }) => manifest);
  const archive = newArchiveId();
  const manifest: Manifest = {
    version: 1,
    archive,
    series: archive,
    kind: 'snapshot',
    generation: 0,
    parent: null,
    cluster: { id: cluster, brokers: [] },
    kopsVersion: '0.1.0',
    startedAt: '2026-01-31T23:59:59.000Z',
    endedAt: '2026-01-31T23:59:59.000Z',
    isolation: 'read_committed',
    copies: ['memory:'],
    topics: [
      {
        name: 'orders',
        topicId,
        derivedTopicId: false,
        internal: false,
        partitionCount: partitions.length,
        replicationFactor: 1,
        configs: fields.configs ?? [],
        partitions,
      },
    ],
    groups: [],
    selection: wholeCluster,
    deletedSinceParent: [],
    signature: null,
  };
  const newObjects = built.flatMap((partition) => partition.newObjects);
  return repository.commitArchive(manifest, { newObjects });
}
