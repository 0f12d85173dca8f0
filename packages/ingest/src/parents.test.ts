import { wholeCluster, type ArchiveCommit, type SelectedTopics } from '@kops/archive-format';
import type { Repository } from '@kops/repository';
import { expect, it } from 'vitest';
import { clusterId, parentPartition, topicId } from '../test/fixture.ts';
import { findParents } from './parents.ts';
import type { ParentPartition } from './plan-backup.ts';

interface Stored {
  readonly archive: string;
  readonly cuts: readonly (readonly [partition: number, cut: bigint])[];
  readonly topicId?: string;
  readonly name?: string;
  readonly selection?: Partial<SelectedTopics>;
}

/** A repository with archives of a topic of three partitions, the oldest first, and how many manifests were read of it. */
function repositoryOf(archives: readonly Stored[]): {
  repository: Repository;
  reads: () => number;
} {
  let reads = 0;
  const manifests = new Map(archives.map((stored) => [stored.archive, manifestOf(stored)]));
  const repository = {
    archives: () =>
      Promise.resolve(
        archives.map(({ archive, selection }) => ({
          archive,
          selection: { ...wholeCluster, ...selection },
        })),
      ),
    readManifest: ({ archive }: ArchiveCommit) => {
      reads++;
      return Promise.resolve(manifests.get(archive));
    },
  };
  return { repository: repository as unknown as Repository, reads: () => reads };
}

function manifestOf({
  archive,
  cuts,
  topicId: life = topicId,
  name = 'orders',
}: Stored): ParentPartition['manifest'] {
  const partitions = cuts.map(([partition, cut]) => parentPartition(cut, { partition }).partition);
  const { manifest, topic } = parentPartition(0n);
  const shown = { ...topic, name, topicId: life, partitionCount: 3, partitions };
  return { ...manifest, archive, topics: [shown] };
}

const all = (cut: bigint): Stored['cuts'] =>
  [0, 1, 2].map((partition) => [partition, cut] as const);

async function cutsOf(archives: readonly Stored[]): Promise<{
  readonly cuts: readonly (bigint | undefined)[];
  readonly reads: number;
}> {
  const { repository, reads } = repositoryOf(archives);
  const parents = await findParents([repository], clusterId, ['orders']);
  const cuts = [0, 1, 2].map((partition) => parents.of('orders', partition)?.partition.cut);
  return { cuts, reads: reads() };
}

it('finds the newest archive of each partition: one may hold some of a topic only', async () => {
  const archives = [
    { archive: 'first', cuts: all(5n) },
    { archive: 'second', cuts: all(10n) },
    { archive: 'late', cuts: [[1, 20n]] as const },
  ];
  expect(await cutsOf(archives)).toEqual({ cuts: [10n, 20n, 10n], reads: 2 });
});

it('reads no more than the newest archive that holds all of a topic', async () => {
  const archives = [
    { archive: 'first', cuts: all(5n) },
    { archive: 'second', cuts: all(10n) },
  ];
  expect(await cutsOf(archives)).toEqual({ cuts: [10n, 10n, 10n], reads: 1 });
});

it('does not mix two lives of a topic', async () => {
  const archives = [
    { archive: 'old life', cuts: all(500n), topicId: 'f'.repeat(32) },
    { archive: 'late', cuts: [[1, 20n]] as const },
  ];
  expect((await cutsOf(archives)).cuts).toEqual([undefined, 20n, undefined]);
});

it('finds topics that were backed up one by one, however many there are', async () => {
  const names = Array.from({ length: 25 }, (_, index) => `topic-${String(index)}`);
  const { repository, reads } = repositoryOf(
    names.map((name, index) => ({
      archive: `archive-${String(index)}`,
      cuts: all(BigInt(index + 1)),
      name,
      selection: { topics: [name] },
    })),
  );
  const parents = await findParents([repository], clusterId, names);
  const found = names.map((name) => parents.of(name, 2)?.partition.cut);
  expect(found).toEqual(names.map((_, index) => BigInt(index + 1)));
  expect(reads()).toBe(25);
});

it('reads few of many archives that cannot hold a topic, for one that is new', async () => {
  const many = Array.from({ length: 500 }, (_, index) => ({
    archive: `archive-${String(index)}`,
    cuts: all(5n),
    name: index % 2 === 0 ? 'other' : 'orders',
    selection: index % 2 === 0 ? { topics: ['other'] } : {},
  }));
  const { repository, reads } = repositoryOf(many);
  const parents = await findParents([repository], clusterId, ['new']);
  expect(parents.of('new', 0)).toBeUndefined();
  expect(reads()).toBeLessThanOrEqual(21);
});

it('says why there is no parent, also where a copy lacks the archive', async () => {
  const stored = repositoryOf([{ archive: 'first', cuts: all(5n) }]).repository;
  const empty = repositoryOf([]).repository;
  const noParent = async (...copies: Repository[]) =>
    (await findParents(copies, clusterId, ['orders'])).noParent;
  expect(await noParent(empty)).toBe('no-earlier-archive: none holds it');
  expect(await noParent(stored, empty)).toBe(
    'no-earlier-archive: no archive that all copies have holds it',
  );
});
