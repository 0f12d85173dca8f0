import { dirname } from 'node:path';
import { isOfWholeCluster } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import { parseRepositoryUrl, type ObjectStore } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { openRepository, type Repository } from '@kops/repository';
import type { CopyPlace } from './estimate.ts';

/** The cluster whose archives count. */
export interface LiveCluster {
  readonly clusterId: string;
  /** Undefined for a topic of a cluster without topic ids. */
  readonly topicIds: ReadonlyMap<string, string | undefined>;
}

/**
 * Free space of a repository, and what of a cluster it has already. One that does not exist yet has nothing, and the space of the disk
 * it would be on.
 */
export async function copyPlace(url: string, cluster: LiveCluster | undefined): Promise<CopyPlace> {
  const { directory, url: repository } = parseRepositoryUrl(url);
  const store = await openIfThere(directory);
  const freeBytes = (await (store ?? (await nearestDirectory(directory))).freeBytes()) ?? null;
  const archived =
    store === undefined || cluster === undefined
      ? () => undefined
      : await archivedRanges(store, cluster);
  return { repository, freeBytes, archived };
}

/** A directory as a store; undefined when it is missing. */
export async function openIfThere(directory: string): Promise<ObjectStore | undefined> {
  try {
    return await openFileStore(directory);
  } catch (error) {
    if (KopsError.is(error, 'KOPS_REPOSITORY_NOT_FOUND')) return undefined;
    throw error;
  }
}

async function nearestDirectory(directory: string): Promise<ObjectStore> {
  const parent = dirname(directory);
  return (await openIfThere(parent)) ?? (await nearestDirectory(parent));
}

async function archivedRanges(
  store: ObjectStore,
  { clusterId, topicIds }: LiveCluster,
): Promise<CopyPlace['archived']> {
  const repository = await openOrNone(store);
  if (repository === undefined) return () => undefined;
  const ranges = new Map<string, { start: bigint; end: bigint }>();
  const newestFirst = (await repository.archives({ cluster: clusterId })).reverse();
  for (const ref of newestFirst) {
    const { topics } = await repository.readManifest(ref);
    for (const topic of topics) {
      const id = topicIds.get(topic.name);
      // A topic that was recreated is another one.
      if (id !== undefined && id !== topic.topicId) continue;
      for (const { partition, logStart, cut } of topic.partitions) {
        const key = `${topic.name}/${String(partition)}`;
        // A backup extends the newest archive that holds the partition.
        if (!ranges.has(key)) ranges.set(key, { start: logStart, end: cut });
      }
    }
    if (isOfWholeCluster(ref.selection)) break;
  }
  return ({ topic, partition }) => ranges.get(`${topic}/${String(partition)}`);
}

async function openOrNone(store: ObjectStore): Promise<Repository | undefined> {
  try {
    return await openRepository(store);
  } catch (error) {
    if (KopsError.is(error, 'KOPS_REPOSITORY_NOT_FOUND')) return undefined;
    throw error;
  }
}
