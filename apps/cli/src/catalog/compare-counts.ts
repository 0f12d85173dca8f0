import { compilePolicy, lineageId, type Catalog } from '@kops/catalog';
import { throwIfAborted } from '@kops/core';
import { findWidest, openArchive, type Archive, type Repository } from '@kops/repository';
import type { ConfiguredCatalog } from './catalog-settings.ts';

/** Records of one topic, in the newest archive and in the catalog. */
export interface TopicCount {
  readonly cluster: string;
  readonly archive: string;
  readonly topic: string;
  /** Records that the archive shows as committed data. */
  readonly archived: number;
  /** Those of the archive's offsets that are in the catalog. */
  readonly indexed: number;
  /** Where a schema registry is configured and values are indexed: how they were read. */
  readonly values?: ValueCounts;
}

/** How values were read. */
export interface ValueCounts {
  /** By a schema of the registry. */
  readonly decoded: number;
  /** Values that are neither text nor of a schema that could be had: only size and hash are indexed. */
  readonly binary: number;
}

/**
 * Counts, for the newest archive of each whole cluster (else the newest of a part), the records of all topics that are indexed at all, on both sides. Reads the segments of
 * topics that hold transactions or holes: only those tell how many records are data.
 */
export async function compareCounts(
  repository: Repository,
  catalog: Catalog,
  { records, schemaRegistry }: Pick<ConfiguredCatalog, 'records' | 'schemaRegistry'>,
  signal: AbortSignal,
): Promise<TopicCount[]> {
  const policyOf = compilePolicy(records);
  const byCluster = Map.groupBy(await repository.archives(), ({ cluster }) => cluster);
  const counts: TopicCount[] = [];
  for (const archives of byCluster.values()) {
    const ref = findWidest(archives.toReversed()) ?? archives.at(-1);
    if (ref === undefined) continue;
    const archive = await openArchive(repository, ref);
    const { cluster } = archive.manifest;
    for (const { name: topic } of archive.manifest.topics) {
      const { level } = policyOf(topic);
      if (level === 'none') continue;
      throwIfAborted(signal);
      const count = (query?: string): Promise<number> =>
        countIndexed(archive, catalog, { topic, query }, signal);
      counts.push({
        cluster: cluster.id,
        archive: ref.archive,
        topic,
        archived: await countArchived(archive, topic, signal),
        indexed: await count(),
        ...(schemaRegistry === undefined || level !== 'full'
          ? {}
          : {
              values: {
                decoded: await count('kafka.value_schema_id:*'),
                binary: await count('kafka.value_format:binary'),
              },
            }),
      });
    }
  }
  return counts;
}

async function countArchived(
  archive: Archive,
  topic: string,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for (const { partition } of partitionsOf(archive, topic)) {
    const { segments } = await archive.segments({ topic, partition });
    const isTold = segments.every(
      ({ transactional, controlBatches, records, slice, baseOffset, lastOffset }) =>
        !transactional &&
        controlBatches === 0 &&
        records !== null &&
        slice.start <= baseOffset &&
        slice.end > lastOffset,
    );
    if (isTold) {
      count += segments.reduce((sum, { records }) => sum + (records ?? 0), 0);
      continue;
    }
    for await (const run of archive.readRecordRuns({ topic, partition, signal }))
      count += [...run].length;
  }
  return count;
}

async function countIndexed(
  archive: Archive,
  catalog: Catalog,
  { topic, query }: { readonly topic: string; readonly query: string | undefined },
  signal: AbortSignal,
): Promise<number> {
  const { cluster, topics } = archive.manifest;
  const topicId = topics.find(({ name }) => name === topic)?.topicId ?? '';
  const ranges = partitionsOf(archive, topic).map(({ partition, logStart: from, cut: to }) => ({
    lineage: lineageId(cluster.id, topicId),
    partition,
    from,
    to,
  }));
  let count = 0;
  const perQuery = 500;
  for (let start = 0; start < ranges.length; start += perQuery) {
    const some = ranges.slice(start, start + perQuery);
    const filter = { topics: [topic], ranges: some, ...(query === undefined ? {} : { query }) };
    count += await catalog.count(filter, { signal });
  }
  return count;
}

function partitionsOf({ manifest }: Archive, topic: string) {
  return manifest.topics.find(({ name }) => name === topic)?.partitions ?? [];
}
