import { createHash } from 'node:crypto';
import {
  appendSegments,
  countHoles,
  countRecords,
  emptySegmentList,
  newArchiveId,
  newToken,
  SegmentEntryBuilder,
  segmentKey,
  type ArchiveCommit,
  type GroupManifest,
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
  readonly partition?: number;
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

/** Commits an archive of the topic `orders`. */
export async function commit(
  repository: Repository,
  specs: readonly PartitionSpec[],
  fields: Partial<Manifest> & { readonly configs?: Manifest['topics'][number]['configs'] } = {},
): Promise<ArchiveCommit> {
  const { configs = [], ...manifestFields } = fields;
  const newObjects: NewObject[] = [];
  const partitions: PartitionManifest[] = [];
  for (const [index, spec] of specs.entries()) {
    const partition = spec.partition ?? index;
    const entries: SegmentEntry[] = [];
    for (const batches of spec.segments)
      entries.push(await putSegment(repository, partition, batches));
    const list = appendSegments(emptySegmentList({ cluster, topicId, partition }), entries);
    const stored = entries.length === 0 ? undefined : await repository.putSegmentList(list);
    if (stored !== undefined) newObjects.push(stored);
    for (const { key, storedBytes, storedSha256 } of entries)
      newObjects.push({ key, bytes: storedBytes, sha256: storedSha256 });
    const logStart = spec.fields?.logStart ?? entries[0]?.slice.start ?? 0n;
    const cut = spec.fields?.cut ?? entries.at(-1)?.slice.end ?? 0n;
    const records = countRecords(list, logStart, cut);
    partitions.push({
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
      holes: countHoles(list, logStart, cut, spec.fields?.losses ?? []),
      losses: [],
      openTransactions: [],
      watermarks: {},
      ...spec.fields,
    });
  }
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
        configs,
        partitions,
      },
    ],
    groups: [] as GroupManifest[],
    signature: null,
    ...manifestFields,
  };
  return repository.commitArchive(manifest, { newObjects });
}
