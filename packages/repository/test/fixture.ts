import { createHash } from 'node:crypto';
import {
  wholeCluster,
  appendSegments,
  countHoles,
  emptySegmentList,
  newArchiveId,
  newToken,
  SegmentEntryBuilder,
  segmentKey,
  type ArchiveCommit,
  type Manifest,
  type PartitionManifest,
  type SegmentEntry,
  type SegmentList,
} from '@kops/archive-format';
import type { ObjectStore } from '@kops/object-store';
import {
  encodeBatch,
  RecordBatchView,
  type EncodeOptions,
  type KafkaRecord,
} from '@kops/record-batch';
import type { CommitOptions, NewObject, Repository } from '../src/index.ts';

export const cluster = 'MkU3OEVBNTcwNTJENDM2Qg';
export const topicId = '0123456789abcdef0123456789abcdef';

export type BatchOptions = Partial<EncodeOptions> & { readonly valueBytes?: number };

/** A batch of records at the given offsets; key and value say the offset. */
export function batchOf(offsets: readonly number[], options: BatchOptions = {}): Uint8Array {
  const { valueBytes = 20, ...encode } = options;
  const records = offsets.map((offset): KafkaRecord => ({
    offset: BigInt(offset),
    timestamp: 1_700_000_000_000n + BigInt(offset),
    key: Buffer.from(`k${String(offset)}`),
    value: Buffer.from(`v${String(offset)}`.padEnd(valueBytes, '.')),
    headers: [],
  }));
  return encodeBatch(records, {
    codec: 'none',
    timestampType: 'CreateTime',
    partitionLeaderEpoch: 1,
    ...encode,
  });
}

/** `count` offsets from `first` on. */
export function offsets(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/** A transaction marker as a broker writes it. */
export function markerOf(offset: number, producerId: bigint, type: 'commit' | 'abort'): Uint8Array {
  const record: KafkaRecord = {
    offset: BigInt(offset),
    timestamp: 1_700_000_000_000n,
    key: Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0]),
    value: Buffer.from([0, 0, 0, 0, 0, 0]),
    headers: [],
  };
  return encodeBatch([record], {
    codec: 'none',
    timestampType: 'CreateTime',
    partitionLeaderEpoch: 1,
    producerId,
    producerEpoch: 0,
    isTransactional: true,
    isControl: true,
  });
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Writes one segment of these batches. */
export async function putSegment(
  store: ObjectStore,
  batches: readonly Uint8Array[],
  options: { partition?: number; slice?: { start?: bigint; end?: bigint } } = {},
): Promise<SegmentEntry> {
  const builder = new SegmentEntryBuilder();
  for (const batch of batches) builder.add(new RecordBatchView(batch));
  const bytes = Buffer.concat(batches);
  const first = batches[0];
  const baseOffset = first === undefined ? 0n : new RecordBatchView(first).baseOffset;
  const key = segmentKey({
    clusterId: cluster,
    topicId,
    partition: options.partition ?? 0,
    token: newToken(),
    baseOffset,
  });
  await store.putIfAbsent(key, bytes);
  return builder.finish({
    key,
    plaintextSha256: sha256(bytes),
    ...(options.slice === undefined ? {} : { slice: options.slice }),
  });
}

export function listOf(segments: readonly SegmentEntry[], partition = 0): SegmentList {
  return appendSegments(emptySegmentList({ cluster, topicId, partition }), segments);
}

/** What a manifest says of one partition with this list. */
export function partitionOf(
  list: SegmentList,
  sha: string | null,
  shown: { logStart: bigint; cut: bigint },
): PartitionManifest {
  const { logStart, cut } = shown;
  return {
    partition: list.partition,
    lineage: {
      topicId,
      derivedTopicId: false,
      partition: list.partition,
      leaderEpochs: [{ epoch: 1, startOffset: 0n }],
    },
    logStart,
    highWatermark: cut,
    lastStableOffset: cut,
    cut,
    list: sha,
    baseline: true,
    segments: list.segments.length,
    records: null,
    plaintextBytes: list.segments.reduce((sum, entry) => sum + entry.plaintextBytes, 0),
    holes: countHoles(list, logStart, cut),
    losses: [],
    openTransactions: [],
    watermarks: { 'memory:': cut },
  };
}

export function manifestOf(
  partitions: readonly PartitionManifest[],
  fields: Partial<Manifest> = {},
): Manifest {
  const archive = fields.archive ?? newArchiveId();
  return {
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
        configs: [],
        partitions: [...partitions],
      },
    ],
    groups: [],
    selection: wholeCluster,
    deletedSinceParent: [],
    signature: null,
    ...fields,
  };
}

/** Commits an archive of one partition with these segments. */
export async function commitSegments(
  repository: Repository,
  segments: readonly SegmentEntry[],
  options: {
    shown?: { logStart: bigint; cut: bigint };
    fields?: Partial<Manifest>;
    commit?: Partial<CommitOptions>;
  } = {},
): Promise<ArchiveCommit> {
  const list = listOf(segments);
  const stored = await repository.putSegmentList(list);
  const shown = options.shown ?? {
    logStart: segments[0]?.slice.start ?? 0n,
    cut: segments.at(-1)?.slice.end ?? 0n,
  };
  const newObjects: NewObject[] = [
    ...segments.map(({ key, storedBytes, storedSha256 }) => ({
      key,
      bytes: storedBytes,
      sha256: storedSha256,
    })),
    stored,
  ];
  return repository.commitArchive(
    manifestOf([partitionOf(list, stored.sha256, shown)], options.fields),
    { newObjects, ...options.commit },
  );
}

export async function collect<T, R>(source: AsyncIterable<T>, take: (item: T) => R): Promise<R[]> {
  const items: R[] = [];
  for await (const item of source) items.push(take(item));
  return items;
}
