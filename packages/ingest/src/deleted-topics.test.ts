import { wholeCluster, type Manifest, type SelectedTopics } from '@kops/archive-format';
import { createMemoryStore } from '@kops/object-store/memory';
import { createRepository, type Repository } from '@kops/repository';
import { describe, expect, it } from 'vitest';
import { clusterId, parentPartition, topicSnapshot } from '../test/fixture.ts';
import { findDeletedTopics } from './deleted-topics.ts';

const ids = ['a', 'b', 'c', 'd'].map((letter) => `20260131t235959z-${letter.repeat(8)}`);
const idOf = (name: string): string => Buffer.from(name.padEnd(16, '-')).toString('hex');

interface Made extends Partial<Pick<Manifest, 'deletedSinceParent'>> {
  readonly holds: readonly string[];
  readonly selection?: Partial<SelectedTopics>;
}

/** A repository with these archives, oldest first. */
async function repositoryWith(archives: readonly Made[]): Promise<Repository> {
  const repository = await createRepository(createMemoryStore());
  for (const [index, { holds, selection, deletedSinceParent = [] }] of archives.entries()) {
    const { manifest, topic } = parentPartition(0n);
    const archive = ids[index] ?? '';
    await repository.commitArchive(
      {
        ...manifest,
        archive,
        series: archive,
        selection: { ...wholeCluster, ...selection },
        deletedSinceParent,
        topics: holds.map((name) => ({ ...topic, name, topicId: idOf(name), partitions: [] })),
      },
      { newObjects: [] },
    );
  }
  return repository;
}

const now = (...names: string[]) => ({
  cluster: { clusterId, controllerId: 1, brokers: [] },
  topics: names.map((name) => topicSnapshot({ name })),
});

const all = { include: [], exclude: [] };

const deleted = (name: string, archive: string | undefined) => ({
  name,
  topicId: idOf(name),
  archive,
});

describe('topics that were deleted since the parent', () => {
  it('are those that it holds and the cluster no longer has', async () => {
    const repository = await repositoryWith([{ holds: ['orders', 'payments', 'users'] }]);
    expect(await findDeletedTopics(repository, now('orders'), all)).toEqual([
      deleted('payments', ids[0]),
      deleted('users', ids[0]),
    ]);
  });

  it('are found behind a backup of another topic', async () => {
    const repository = await repositoryWith([
      { holds: ['orders', 'payments'] },
      { holds: ['orders'], selection: { topics: ['orders'] } },
    ]);
    expect(await findDeletedTopics(repository, now('orders'), all)).toEqual([
      deleted('payments', ids[0]),
    ]);
  });

  it('are told once: by the first archive without them', async () => {
    const repository = await repositoryWith([
      { holds: ['orders', 'payments'] },
      {
        holds: ['orders'],
        deletedSinceParent: [{ name: 'payments', topicId: idOf('payments'), archive: ids[0]! }],
      },
      { holds: ['orders'], selection: { topics: ['orders'] } },
    ]);
    expect(await findDeletedTopics(repository, now('orders'), all)).toEqual([]);
  });

  it('are of the selection: what is excluded, or not asked for, is no loss', async () => {
    const repository = await repositoryWith([{ holds: ['orders', 'tmp-1', 'users'] }]);
    const exclude = ['tmp*'];
    expect(await findDeletedTopics(repository, now('orders'), { include: [], exclude })).toEqual([
      deleted('users', ids[0]),
    ]);
    const include = ['orders'];
    expect(await findDeletedTopics(repository, now('orders'), { include, exclude: [] })).toEqual(
      [],
    );
  });

  it('do not include a topic that was created anew', async () => {
    const repository = await repositoryWith([{ holds: ['orders'] }]);
    expect(await findDeletedTopics(repository, now('orders'), all)).toEqual([]);
  });
});
