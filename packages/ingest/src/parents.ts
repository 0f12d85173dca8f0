import {
  coversTopics,
  type ArchiveCommit,
  type Manifest,
  type SelectedTopics,
} from '@kops/archive-format';
import { formatTopicPartition, type TopicId } from '@kops/core';
import type { Repository } from '@kops/repository';
import type { ParentPartition } from './plan-backup.ts';

/** How many archives back of each selection of topics a partition is looked for: a topic that is new is in none, and manifests may be many and large. */
const maxArchivesBack = 20;

/** What earlier archives hold. */
export interface Parents {
  /** The newest archive that all copies have; null when there is none. */
  readonly latest: ArchiveCommit | null;
  readonly latestManifest: Manifest | null;
  /** Why a partition has none. */
  readonly noParent: string;
  of(topic: string, partition: number): ParentPartition | undefined;
}

/** Finds, for each partition of the wanted topics, the newest archive of the cluster that all copies have and that holds it. */
export async function findParents(
  repositories: readonly Repository[],
  cluster: string,
  topics: readonly string[],
): Promise<Parents> {
  const common = await commonArchives(repositories, cluster);
  const found = new Map<string, ParentPartition>();
  const lives = new Map<string, TopicId>();
  const missing = new Set(topics);
  let latestManifest: Manifest | null = null;
  const worthReading = readingLimit();
  for (const ref of common) {
    if (missing.size === 0 && latestManifest !== null) break;
    if (latestManifest !== null && !worthReading(ref.selection, missing)) continue;
    const manifest = await repositories[0]?.readManifest(ref);
    if (manifest === undefined) break;
    latestManifest ??= manifest;
    for (const topic of manifest.topics) {
      const { name, topicId, partitions } = topic;
      if (!missing.has(name) || (lives.get(name) ?? topicId) !== topicId) continue;
      lives.set(name, topicId);
      for (const partition of partitions) {
        const key = formatTopicPartition({ topic: name, partition: partition.partition });
        if (!found.has(key)) found.set(key, { manifest, topic, partition });
      }
      // What a log start had passed is in an archive without the topic's other partitions.
      if (partitions.length >= topic.partitionCount) missing.delete(name);
    }
  }
  return {
    latest: common[0] ?? null,
    latestManifest,
    noParent: await reasonOfNone(repositories, cluster, common.length),
    of: (topic, partition) => found.get(formatTopicPartition({ topic, partition })),
  };
}

async function reasonOfNone(
  repositories: readonly Repository[],
  cluster: string,
  common: number,
): Promise<string> {
  const counts = await Promise.all(
    repositories.map(async (repository) => (await repository.archives({ cluster })).length),
  );
  const missing = counts.some((count) => count > common);
  return `no-earlier-archive: ${missing ? 'no archive that all copies have' : 'none'} holds it`;
}

/** Whether an archive may hold any of the topics, and few others of the same selection were read. */
function readingLimit(): (selection: SelectedTopics, topics: ReadonlySet<string>) => boolean {
  const readOf = new Map<string, number>();
  return (selection, topics) => {
    const { topics: selected, exclude, leftovers } = selection;
    // What is left over of partitions may be of any topic.
    if (!leftovers && ![...topics].some((topic) => coversTopics(selection, topic))) return false;
    const key = JSON.stringify([selected.toSorted(), exclude.toSorted(), leftovers]);
    const read = readOf.get(key) ?? 0;
    readOf.set(key, read + 1);
    return read < maxArchivesBack;
  };
}

/** Archives that every copy has, newest first. */
async function commonArchives(
  repositories: readonly Repository[],
  cluster: string,
): Promise<ArchiveCommit[]> {
  const [first = [], ...others] = await Promise.all(
    repositories.map((repository) => repository.archives({ cluster })),
  );
  const everywhere = others.map((archives) => new Set(archives.map(({ archive }) => archive)));
  return first.filter(({ archive }) => everywhere.every((ids) => ids.has(archive))).reverse();
}
