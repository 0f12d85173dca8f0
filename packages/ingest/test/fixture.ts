import { wholeCluster } from '@kops/archive-format';
import type { PartitionManifest, TopicConfig } from '@kops/archive-format';
import type { ObjectStore } from '@kops/object-store';
import { CaptureJournal } from '../src/capture-journal.ts';
import type { PartitionSnapshot, TopicSnapshot } from '../src/cluster-snapshot.ts';
import { thisProcess } from '@kops/object-store/owner';
import { PartitionSink } from '../src/partition-sink.ts';
import type { ParentPartition, PartitionPlan } from '../src/plan-backup.ts';

export const clusterId = 'MkU3OEVBNTcwNTJENDM2Qg';
export const topicId = '0123456789abcdef0123456789abcdef';

export function partitionSnapshot(fields: Partial<PartitionSnapshot> = {}): PartitionSnapshot {
  return {
    partition: 0,
    leader: 1,
    logStart: 0n,
    highWatermark: 100n,
    lastStableOffset: 100n,
    ...fields,
  };
}

export function topicSnapshot(fields: Partial<TopicSnapshot> = {}): TopicSnapshot {
  return {
    name: 'orders',
    topicId,
    derivedTopicId: false,
    internal: false,
    replicationFactor: 1,
    configs: configs({ 'cleanup.policy': 'delete', 'delete.retention.ms': '1000' }),
    partitions: [partitionSnapshot()],
    ...fields,
  };
}

export function configs(values: Readonly<Record<string, string>>): TopicConfig[] {
  return Object.entries(values).map(([name, value]) => ({ name, value, source: 'DEFAULT_CONFIG' }));
}

export function partitionPlan(fields: Partial<PartitionPlan> = {}): PartitionPlan {
  const topic = topicSnapshot();
  return {
    topic,
    snapshot: partitionSnapshot(),
    mode: 'baseline',
    reason: '',
    parent: undefined,
    resume: 0n,
    cut: 100n,
    losses: [],
    leaderEpochs: [],
    archivedLosses: [],
    ...fields,
  };
}

/** What an archive that ended at `cut` says of the partition. */
export function parentPartition(
  cut: bigint,
  fields: Partial<PartitionManifest> & {
    readonly startedAt?: string;
    readonly topic?: Partial<ParentPartition['topic']>;
  } = {},
): ParentPartition {
  const { startedAt = new Date(0).toISOString(), topic, ...rest } = fields;
  const partition: PartitionManifest = {
    partition: 0,
    lineage: {
      topicId,
      derivedTopicId: false,
      partition: 0,
      leaderEpochs: [{ epoch: 1, startOffset: 0n }],
    },
    logStart: 0n,
    highWatermark: cut,
    lastStableOffset: cut,
    cut,
    list: null,
    baseline: true,
    segments: 0,
    records: null,
    plaintextBytes: 0,
    holes: null,
    losses: [],
    openTransactions: [],
    watermarks: {},
    ...rest,
  };
  const snapshot = topicSnapshot();
  return {
    manifest: {
      version: 1,
      archive: '20260131t235959z-aaaaaaaa',
      series: '20260131t235959z-aaaaaaaa',
      kind: 'snapshot',
      generation: 0,
      parent: null,
      cluster: { id: clusterId, brokers: [] },
      kopsVersion: 'test',
      startedAt,
      endedAt: startedAt,
      isolation: 'read_committed',
      copies: ['memory:'],
      topics: [],
      groups: [],
      selection: wholeCluster,
      deletedSinceParent: [],
      signature: null,
    },
    topic: {
      name: 'orders',
      topicId,
      derivedTopicId: false,
      internal: false,
      partitionCount: 1,
      replicationFactor: 1,
      configs: [...snapshot.configs],
      partitions: [partition],
      ...topic,
    },
    partition,
  };
}

let captures = 0;

/** A journal of a capture that this process runs. */
export async function beginJournal(stores: readonly ObjectStore[]): Promise<CaptureJournal> {
  const capture = `20260131t235959z-${String(++captures).padStart(8, 'a')}`;
  return CaptureJournal.begin(stores, {
    capture,
    cluster: clusterId,
    startedAtMs: captures,
    owner: await thisProcess(),
  });
}

export interface SinkFixture {
  readonly sink: PartitionSink;
  readonly journal: CaptureJournal;
  /** Watermarks as they were reported. */
  readonly reported: readonly bigint[];
}

/** A sink with a journal of its own, unless one is given. */
export async function openSink(
  stores: readonly ObjectStore[],
  options: {
    readonly plan?: Partial<PartitionPlan>;
    readonly segmentBytes?: number;
    readonly expectsPurge?: boolean;
  } = {},
  given?: CaptureJournal,
): Promise<SinkFixture> {
  const journal = given ?? (await beginJournal(stores));
  const reported: bigint[] = [];
  const sink = new PartitionSink({
    clusterId,
    plan: partitionPlan(options.plan),
    stores,
    journal,
    segmentBytes: options.segmentBytes ?? 2 ** 30,
    fixedCut: false,
    keepDamaged: true,
    expectsPurge: options.expectsPurge ?? false,
    onDurable: ({ durable }) => reported.push(durable),
  });
  return { sink, journal, reported };
}

/** Keys in a store, objects and parts. */
export async function keysIn(
  store: ObjectStore,
  prefix: string,
): Promise<{ objects: string[]; parts: string[] }> {
  const objects: string[] = [];
  const parts: string[] = [];
  for await (const { key } of store.list(prefix)) objects.push(key);
  for await (const { key } of store.listParts(prefix)) parts.push(key);
  return { objects, parts };
}
