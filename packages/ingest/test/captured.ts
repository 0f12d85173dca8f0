import type { ObjectStore } from '@kops/object-store';
import { createMemoryStore } from '@kops/object-store/memory';
import type { NoticeKind } from '@kops/transport';
import { AgentRegistry } from '../src/agent-registry.ts';
import type { AssignedPartition } from '../src/assigned-partition.ts';
import { CapturedPartitions, type CaptureEvents } from '../src/captured-partitions.ts';
import type { TopicSnapshot } from '../src/cluster-snapshot.ts';
import type { PartitionPlan } from '../src/plan-backup.ts';
import type { BackupContext, PreparedBackup } from '../src/prepare-backup.ts';
import { noLeftovers, type Leftovers } from '../src/recovery.ts';
import { batchesFrom } from './batches.ts';
import { beginJournal, clusterId, partitionPlan, topicId, topicSnapshot } from './fixture.ts';

/** The one partition of a backup, and what the backup is told of it. */
export interface Captured {
  readonly partitions: CapturedPartitions;
  readonly partition: AssignedPartition;
  readonly notices: readonly { readonly kind: NoticeKind; readonly text: string }[];
}

/** A backup of one partition, without agents. */
export async function capture(plan: Partial<PartitionPlan>, follow: boolean): Promise<Captured> {
  const topic = plan.topic ?? topicSnapshot();
  const notices: Captured['notices'][number][] = [];
  const partitions = await openPartitions(createMemoryStore(), noLeftovers, {
    topic,
    follow,
    onNotice: (kind, text) => notices.push({ kind, text }),
  });
  await partitions.add([partitionPlan({ ...plan, topic })]);
  const [partition] = partitions.assignments.partitions;
  if (partition === undefined) throw new Error('nothing was added');
  return { partitions, partition, notices };
}

/** The partitions of a backup that finds what others left in a store. */
export function captureAgain(
  store: ObjectStore,
  leftovers: Leftovers,
): Promise<CapturedPartitions> {
  const topic = topicSnapshot();
  return openPartitions(store, leftovers, { topic, follow: false, onNotice: () => undefined });
}

async function openPartitions(
  store: ObjectStore,
  leftovers: Leftovers,
  options: {
    readonly topic: TopicSnapshot;
    readonly follow: boolean;
    readonly onNotice: CaptureEvents['onNotice'];
  },
): Promise<CapturedPartitions> {
  const { topic, follow, onNotice } = options;
  const cluster = { clusterId, controllerId: 1, brokers: [] };
  const snapshot = { cluster, topics: [topic], liveTopics: new Set([topicId]), groups: [] };
  let epoch = 0n;
  return new CapturedPartitions(
    {
      request: { cluster: 'main', follow, strict: false, expectPurge: [] },
      context: {
        repositories: [{ store }],
        registry: new AgentRegistry(),
        segmentBytes: 2 ** 20,
        clock: { now: () => 0 },
        nextEpoch: () => ++epoch,
      } as unknown as BackupContext,
      prepared: { snapshot } as unknown as PreparedBackup,
      begun: { journal: await beginJournal([store]), leftovers },
    },
    {
      onNotice,
      onGivenUp: (_, error) => {
        throw error;
      },
      onMoved: () => undefined,
    },
  );
}

/** Captures batches of five records each. */
export async function read(
  { sink }: AssignedPartition,
  from: number,
  batches: number,
): Promise<void> {
  for (const batch of batchesFrom(from, batches)) await sink.append(batch);
  await sink.seal();
}
