import type { Manifest } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { KafkaClient, TopicMetadata } from '@kops/kafka';
import { createMemoryStore } from '@kops/object-store/memory';
import { createRepository } from '@kops/repository';
import type { BackupEvent, StartBackup } from '@kops/transport';
import { describe, expect, it } from 'vitest';
import {
  clusterId,
  configs,
  parentPartition,
  partitionSnapshot,
  topicSnapshot,
} from '../test/fixture.ts';
import { Archiver } from './archiver.ts';
import { planBackup, type ParentPartition, type PartitionPlan } from './plan-backup.ts';

const noLeader = new KopsError('KOPS_KAFKA_UNREACHABLE', 'partition led-1 has no leader');
const denied = (topic: string): KopsError =>
  new KopsError('KOPS_ACCESS_DENIED', `no right DESCRIBE_CONFIGS on topic '${topic}'`, {
    at: { topic },
  });

const topics: TopicMetadata[] = ['closed', 'led'].map((name, index) => ({
  name,
  id: String(index).padStart(32, '0'),
  isInternal: false,
  partitions: [0, 1].map((partition) => ({
    partition,
    leader: name === 'led' && partition === 1 ? -1 : 1,
    leaderEpoch: 0,
    replicas: [1],
    isr: [1],
  })),
}));

/** A cluster of empty topics: the configs of one are denied, a partition of the other has no leader. */
const kafka: Partial<KafkaClient> = {
  describeCluster: async () => ({ clusterId, controllerId: 1, brokers: [] }),
  topics: async (names) => topics.filter(({ name }) => names?.includes(name) ?? true),
  listGroups: async () =>
    ['answered', 'silent'].map((group) => ({
      ...{ group, state: 'Empty', protocolType: 'consumer', members: 0 },
    })),
  committedOffsets: async (group) => {
    if (group === 'silent') throw new KopsError('KOPS_KAFKA_UNREACHABLE', 'FindCoordinator failed');
    return [{ topic: 'led', partition: 0, offset: 7n, leaderEpoch: -1, metadata: null }];
  },
  probe: async () => undefined,
  topicConfigs: async (names) => {
    if (names.includes('closed')) throw denied('closed');
    return new Map(names.map((name) => [name, []]));
  },
  listOffsets: async (partitions, _, options) =>
    partitions.map((at) => {
      if (at.topic !== 'led' || at.partition !== 1) return 0n;
      if (options === undefined) throw noLeader;
      options.onFault(at, noLeader);
      return -1n;
    }),
  [Symbol.asyncDispose]: async () => undefined,
};

async function run(request: Partial<StartBackup>): Promise<{
  readonly events: readonly BackupEvent[];
  readonly manifest: unknown;
}> {
  const repository = await createRepository(createMemoryStore());
  await using archiver = new Archiver({
    connect: async () => kafka as KafkaClient,
    openRepository: async () => repository,
    findRepository: async () => repository,
    kopsVersion: 'test',
  });
  const { operator } = archiver.handlers;
  const { backupId } = await operator.startBackup({
    cluster: 'main',
    repositories: ['store'],
    topics: [],
    exclude: [],
    ack: 'sync',
    isolation: 'read_committed',
    follow: false,
    generationIntervalMs: 0,
    outageLimitMs: null,
    dryRun: false,
    allowEmpty: false,
    expectPurge: [],
    strict: false,
    ...request,
  });
  const events: BackupEvent[] = [];
  for await (const event of operator.watchBackup(backupId)) events.push(event);
  const [ref] = await repository.archives();
  return { events, manifest: ref === undefined ? undefined : await repository.readManifest(ref) };
}

describe('a backup of a cluster that is partly out of order', () => {
  it('archives the rest, and says of each partition and group what is wrong with it', async () => {
    const { events, manifest } = await run({});
    expect(events).toContainEqual(expect.objectContaining({ type: 'committed', losses: 4 }));
    const gaveUp = (detail: RegExp): object => ({
      cut: 0n,
      losses: [
        {
          ...{ from: 0n, to: 0n, reason: 'fetch-gave-up' },
          detail: expect.stringMatching(detail) as string,
        },
      ],
    });
    expect(manifest).toMatchObject({
      topics: [
        { name: 'closed', partitions: [gaveUp(/DESCRIBE_CONFIGS/), gaveUp(/DESCRIBE_CONFIGS/)] },
        { name: 'led', partitions: [{ cut: 0n, losses: [] }, gaveUp(/has no leader/)] },
      ],
    });
    expect(manifest).toMatchObject({
      groups: [{ group: 'answered', offsets: [{ topic: 'led', offset: 7n }] }],
      groupFaults: [{ group: 'silent', code: 'KOPS_KAFKA_UNREACHABLE' }],
    });
    const notices = events.flatMap((event) => (event.type === 'notice' ? [event.text] : []));
    expect(notices).toContainEqual(expect.stringMatching(/^group silent: /));
    expect(notices).toContainEqual(expect.stringMatching(/^led-1: .*has no leader/));
  });

  it('says so when nobody can list the groups of a coordinator', async () => {
    topics.push({
      ...{ name: '__consumer_offsets', id: 'f'.repeat(32), isInternal: true },
      partitions: [{ partition: 3, leader: -1, leaderEpoch: 0, replicas: [1], isr: [] }],
    });
    const { manifest } = await run({ topics: ['led'] }).finally(() => topics.pop());
    const faults = (manifest as Manifest | undefined)?.groupFaults;
    expect(faults?.[0]).toMatchObject({
      group: null,
      detail: expect.stringMatching(/__consumer_offsets have no leader: 3/) as string,
    });
  });

  it('stops at the first of them when it is to be strict', async () => {
    const { events, manifest } = await run({ topics: ['led'], strict: true });
    expect(events.at(-1)).toMatchObject({
      type: 'failed',
      error: { code: 'KOPS_KAFKA_UNREACHABLE' },
    });
    expect(manifest).toBeUndefined();
  });

  it('fails with the first error, without an archive, when nothing else is asked for', async () => {
    const { events, manifest } = await run({ topics: ['closed'] });
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'KOPS_ACCESS_DENIED' } });
    expect(manifest).toBeUndefined();
  });
});

/** Plans the one partition of a topic. */
function planOf(
  parent: ParentPartition,
  options: { readonly fault?: KopsError; readonly policy?: string },
): PartitionPlan | undefined {
  const { fault, policy = 'delete' } = options;
  const topic = topicSnapshot({
    configs: configs({ 'cleanup.policy': policy, 'delete.retention.ms': '86400000' }),
    partitions: [partitionSnapshot(fault === undefined ? {} : { fault })],
  });
  return planBackup({
    snapshot: {
      cluster: { clusterId, controllerId: 1, brokers: [] },
      topics: [topic],
      liveTopics: new Set(),
      groups: [],
    },
    isolation: 'read_committed',
    parentOf: () => parent,
    epochEnd: () => undefined,
    nowMs: 1_000,
  })[0];
}

describe('the plan of a partition that cannot be captured now', () => {
  const damaged = { from: 5n, to: 10n, reason: 'damaged-at-source' as const, detail: '' };
  const gaveUp = { from: 50n, to: 50n, reason: 'fetch-gave-up' as const, detail: '' };

  it('shows what the archive before shows', () => {
    const parent = parentPartition(50n, { losses: [damaged], logStart: 3n });
    expect(planOf(parent, { fault: noLeader })).toMatchObject({
      ...{ mode: 'extend', resume: 50n, cut: 50n, fault: noLeader, losses: [damaged] },
      snapshot: { logStart: 3n, highWatermark: 50n },
    });
  });

  it('continues there when it can be captured again', () => {
    const plan = planOf(parentPartition(50n, { losses: [gaveUp] }), {});
    expect(plan).toMatchObject({ mode: 'extend', resume: 50n, cut: 100n, losses: [] });
  });

  it('starts a compacted topic anew then: nobody knows how old what is archived is', () => {
    const plan = planOf(parentPartition(50n, { losses: [gaveUp] }), { policy: 'compact' });
    expect(plan).toMatchObject({ mode: 'baseline', resume: 0n, cut: 100n });
  });

  it('loses nothing to retention of what was never captured', () => {
    const never = { ...gaveUp, from: 0n, to: 0n };
    const plan = planOf(parentPartition(0n, { losses: [never], list: null }), {});
    expect(plan).toMatchObject({ mode: 'baseline', resume: 0n, losses: [] });
  });
});
