import { KopsError } from '@kops/core';
import type { KafkaClient, TopicMetadata } from '@kops/kafka';
import { createMemoryStore } from '@kops/object-store/memory';
import { createRepository, type Repository } from '@kops/repository';
import type { StartBackup } from '@kops/transport';
import { describe, expect, it } from 'vitest';
import { clusterId } from '../test/fixture.ts';
import { Archiver } from './archiver.ts';

const request: StartBackup = {
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
  strict: false,
  expectPurge: [],
};

const named = (name: string): TopicMetadata => ({
  name,
  id: '0123456789abcdef0123456789abcdef',
  isInternal: name.startsWith('__'),
  partitions: [{ partition: 0, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] }],
});

/** An archiver of a cluster that has these topics, and what it makes. */
function archiverOf(
  topics: readonly string[],
  unreachable?: KopsError,
): {
  readonly archiver: Archiver;
  readonly opened: Repository[];
} {
  const kafka: Partial<KafkaClient> = {
    describeCluster: async () => ({ clusterId, controllerId: 1, brokers: [] }),
    topics: async () => topics.map(named),
    listGroups: async () => [],
    topicConfigs: async () => new Map(),
    listOffsets: async () => [],
    [Symbol.asyncDispose]: async () => undefined,
  };
  const opened: Repository[] = [];
  const archiver = new Archiver({
    connect: async () => {
      if (unreachable !== undefined) throw unreachable;
      return kafka as KafkaClient;
    },
    findRepository: async () => undefined,
    openRepository: async () => {
      const repository = await createRepository(createMemoryStore());
      opened.push(repository);
      return repository;
    },
    kopsVersion: 'test',
  });
  return { archiver, opened };
}

describe('a backup that selects no topic', () => {
  it.each<[string, string[], Partial<StartBackup>, RegExp, RegExp]>([
    ['everything is excluded', ['orders'], { exclude: ['orders*'] }, /1 topic/, /--exclude/],
    ['only internal topics exist', ['__consumer_offsets'], {}, /internal/, /--allow-empty/],
    ['the cluster shows no topic, as to a user without rights', [], {}, /reports none/, /DESCRIBE/],
    ['it only plans', [], { dryRun: true }, /reports none/, /--allow-empty/],
    ['it is to follow', ['orders'], { exclude: ['o*'], follow: true }, /1 topic/, /--exclude/],
  ])('fails and makes no repository: %s', async (_why, topics, change, says, hint) => {
    const { archiver, opened } = archiverOf(topics);
    await using _ = archiver;
    await expect(
      archiver.handlers.operator.startBackup({ ...request, ...change }),
    ).rejects.toMatchObject({
      code: 'KOPS_TOPIC_NOT_FOUND',
      exitCode: 10,
      message: expect.stringMatching(says) as unknown,
      hint: expect.stringMatching(hint) as unknown,
    });
    expect(opened).toEqual([]);
  });

  it('commits an archive without topics where that is allowed', async () => {
    const { archiver, opened } = archiverOf(['orders']);
    await using _ = archiver;
    const { operator } = archiver.handlers;
    const { backupId } = await operator.startBackup({
      ...request,
      exclude: ['*'],
      allowEmpty: true,
    });
    const events: string[] = [];
    for await (const { type } of operator.watchBackup(backupId)) events.push(type);
    expect(events.filter((type) => type !== 'progress')).toEqual(['committed', 'finished']);
    const [repository] = opened;
    const archives = (await repository?.archives()) ?? [];
    expect(archives).toHaveLength(1);
    expect(await repository?.readManifest(archives[0]!)).toMatchObject({ topics: [], groups: [] });
  });
});

it('makes no repository when the cluster cannot be reached', async () => {
  const unreachable = new KopsError('KOPS_KAFKA_UNREACHABLE', 'no broker answers');
  const { archiver, opened } = archiverOf(['orders'], unreachable);
  await using _ = archiver;
  await expect(archiver.handlers.operator.startBackup(request)).rejects.toBe(unreachable);
  expect(opened).toEqual([]);
});

it('makes no repository for a plan', async () => {
  const { archiver, opened } = archiverOf(['orders']);
  await using _ = archiver;
  const started = await archiver.handlers.operator.startBackup({ ...request, dryRun: true });
  expect(started).toMatchObject({ parent: null, partitions: [{ topic: 'orders' }] });
  expect(opened).toEqual([]);
});
