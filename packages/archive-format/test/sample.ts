import { wholeCluster } from '../src/index.ts';
import type { Commit, Manifest, RepositoryInfo, SegmentEntry, SegmentList } from '../src/index.ts';

const topicId = '0123456789abcdef0123456789abcdef';
const clusterId = 'MkU3OEVBNTcwNTJENDM2Qg';
const sha = 'ab'.repeat(32);

/** An entry of `count` records from `baseOffset` on, without holes. */
export function entryOf(
  baseOffset: bigint,
  count = 10,
  fields: Partial<SegmentEntry> = {},
): SegmentEntry {
  const end = baseOffset + BigInt(count);
  return {
    key: `segments/${clusterId}/${topicId}/3/${'c'.repeat(32)}/${baseOffset.toString().padStart(20, '0')}.log`,
    slice: { start: baseOffset, end },
    baseOffset,
    lastOffset: end - 1n,
    leaderEpochs: [{ epoch: 5, startOffset: baseOffset }],
    records: count,
    batches: 2,
    controlBatches: 0,
    maxTimestamp: 1_700_000_000_000n,
    minTimestamp: null,
    codecs: ['none', 'zstd'],
    transactional: false,
    plaintextBytes: 2_000_000,
    plaintextSha256: sha,
    storedBytes: 2_000_000,
    storedSha256: sha,
    index: [
      [baseOffset, 1_600_000_000_000n, 0],
      [end - 1n, 1_700_000_000_000n, 1_048_600],
    ],
    ...fields,
  };
}

export function listOf(segments: readonly SegmentEntry[]): SegmentList {
  return { version: 1, cluster: clusterId, topicId, partition: 3, segments: [...segments] };
}

export const sampleList: SegmentList = listOf([
  entryOf(0n),
  entryOf(10n, 5, { minTimestamp: -1n, records: null }),
]);

export const sampleRepository: RepositoryInfo = {
  version: 1,
  id: 'f'.repeat(32),
  createdAt: '2026-01-31T23:59:59.000Z',
};

export const sampleCommit: Commit = {
  version: 1,
  shard: 'main',
  sequence: 7,
  cluster: clusterId,
  archive: '20260131t235959z-abcdefgh',
  series: '20260131t235959z-abcdefgh',
  manifest: { key: 'manifests/20260131t235959z-abcdefgh.json', sha256: sha, bytes: 4711 },
  selection: wholeCluster,
  retires: [],
  previous: sha,
  signature: null,
};

export const sampleManifest: Manifest = {
  version: 1,
  archive: '20260131t235959z-abcdefgh',
  series: '20260131t235959z-abcdefgh',
  kind: 'snapshot',
  generation: 0,
  parent: null,
  cluster: { id: clusterId, brokers: [{ id: 1, host: 'kafka-1.example', port: 9092, rack: null }] },
  kopsVersion: '0.1.0',
  startedAt: '2026-01-31T23:59:58.000Z',
  endedAt: '2026-01-31T23:59:59.000Z',
  isolation: 'read_committed',
  copies: ['file:///backups'],
  topics: [
    {
      name: 'orders',
      topicId,
      derivedTopicId: false,
      internal: false,
      partitionCount: 4,
      replicationFactor: 3,
      configs: [{ name: 'cleanup.policy', value: 'compact', source: 'DYNAMIC_TOPIC_CONFIG' }],
      partitions: [
        {
          partition: 3,
          lineage: {
            topicId,
            derivedTopicId: false,
            partition: 3,
            leaderEpochs: [{ epoch: 5, startOffset: 0n }],
          },
          logStart: 0n,
          highWatermark: 9_223_372_036_854_775_807n,
          lastStableOffset: 15n,
          cut: 15n,
          list: sha,
          baseline: true,
          segments: 2,
          records: 15,
          plaintextBytes: 4_000_000,
          holes: { offsets: 0n },
          losses: [
            { from: 15n, to: 17n, reason: 'retention', detail: 'log start moved from 15 to 17' },
          ],
          openTransactions: [{ producerId: 4n, producerEpoch: 0, firstOffset: 14n }],
          watermarks: { 'file:///backups': 15n },
        },
      ],
    },
  ],
  groups: [
    {
      group: 'billing',
      state: 'Empty',
      protocolType: 'consumer',
      offsets: [
        { topic: 'orders', partition: 3, offset: 12n, leaderEpoch: 5, metadata: 'ünïcode' },
      ],
    },
  ],
  selection: wholeCluster,
  deletedSinceParent: [],
  signature: null,
};
