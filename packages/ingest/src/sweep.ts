import { pinKey } from '@kops/archive-format';
import { mapLimit } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import type { Repository } from '@kops/repository';
import { partitionKey, type Leftovers } from './recovery.ts';

const parallelDeletes = 8;

/** Whether a partition's leftovers are of no use any more: an archive has taken over what was. */
export type Settled = (partition: string) => boolean;

/**
 * Removes what dead captures left, after an archive has taken over what was of use: parts, segments that no archive names, pins.
 * What belongs to partitions that are not settled stays for the backup that captures them, and with it the pins that lead to it.
 * @param named keys of segments that archives name
 */
export async function sweepLeftovers(
  leftovers: Leftovers,
  stores: readonly ObjectStore[],
  settled: Settled,
  named: ReadonlySet<string>,
): Promise<void> {
  const sealed = leftovers.captures.flatMap((capture) => capture.sealed);
  const stale = new Set(
    sealed
      .filter((one) => settled(partitionKey(one)) && !named.has(one.entry.key))
      .map(({ entry }) => entry.key),
  );
  const parts = [...leftovers.parts]
    .filter(([partition]) => settled(partition))
    .flatMap(([, keys]) => keys);
  const partsStay = [...leftovers.parts.keys()].some((partition) => !settled(partition));
  const done = leftovers.captures.filter(
    ({ sealed: own, lost }) =>
      !partsStay && [...own, ...lost].every((one) => settled(partitionKey(one))),
  );
  for (const store of stores) {
    await mapLimit(parts, parallelDeletes, (key) => store.deletePart(key));
    await mapLimit(stale, parallelDeletes, (key) => store.delete(key));
    await sweepPuts(leftovers, store);
    for (const { pins, capture } of done) {
      const header = pinKey(capture);
      await mapLimit(
        pins.filter((pin) => pin !== header),
        parallelDeletes,
        (key) => store.delete(key),
      );
      // The header goes last: without it the pages would be nobody's.
      await store.delete(header);
    }
  }
}

/** A put takes moments: one that was under way before this capture began and has not moved since will not end any more. */
async function sweepPuts({ puts }: Leftovers, store: ObjectStore): Promise<void> {
  if (puts.length === 0) return;
  const before = new Map(puts.map((put) => [put.key, put]));
  const dead: string[] = [];
  for await (const { key, size, modifiedMs } of store.listParts('')) {
    const put = before.get(key);
    if (put?.size === size && put.modifiedMs === modifiedMs) dead.push(key);
  }
  await mapLimit(dead, parallelDeletes, (key) => store.deletePart(key));
}

/** Segments of the leftovers' partitions that any archive of the cluster names: a capture may have died right after its commit. */
export async function namedSegments(
  repository: Repository,
  cluster: string,
  leftovers: Leftovers,
): Promise<Set<string>> {
  const partitions = new Set(leftovers.captures.flatMap(({ sealed }) => sealed.map(partitionKey)));
  const named = new Set<string>();
  if (partitions.size === 0) return named;
  const seen = new Set<string>();
  for (const ref of await repository.archives({ cluster })) {
    const manifest = await repository.readManifest(ref);
    for (const topic of manifest.topics) {
      for (const { partition, list } of topic.partitions) {
        if (
          list === null ||
          seen.has(list) ||
          !partitions.has(partitionKey({ topicId: topic.topicId, partition }))
        )
          continue;
        seen.add(list);
        for (const { key } of (await repository.readSegmentList(list)).segments) named.add(key);
      }
    }
  }
  return named;
}
