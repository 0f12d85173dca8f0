import type { ArchiveCommit } from '@kops/archive-format';
import type { Repository } from '@kops/repository';
import { expect, it } from 'vitest';
import { clusterId, parentPartition, topicId } from '../test/fixture.ts';
import { findParents } from './parents.ts';
import type { ParentPartition } from './plan-backup.ts';

interface Stored {
  readonly archive: string;
  readonly cuts: readonly (readonly [partition: number, cut: bigint])[];
  readonly topicId?: string;
}

/** A repository with archives of a topic of three partitions, the oldest first, and how many manifests were read of it. */
function repositoryOf(archives: readonly Stored[]): {
  repository: Repository;
  reads: () => number;
} {
  let reads = 0;
  const manifests = new Map(archives.map((stored) => [stored.archive, manifestOf(stored)]));
  const repository = {
    archives: () => Promise.resolve(archives.map(({ archive }) => ({ archive }))),
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
}: Stored): ParentPartition['manifest'] {
  const partitions = cuts.map(([partition, cut]) => parentPartition(cut, { partition }).partition);
  const { manifest, topic } = parentPartition(0n);
  const shown = { ...topic, topicId: life, partitionCount: 3, partitions };
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
