import { lineageId, type RecordFilter, type RecordRange } from '@kops/catalog';
import { selectTopics } from '@kops/core';
import type { Archive } from '@kops/repository';

/** What was asked for. */
export interface SearchRequest {
  readonly query: string;
  /** Names and globs. */
  readonly topics?: readonly string[] | undefined;
  readonly partition?: number | undefined;
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
}

/**
 * The filter of a search; within an archive, by the offsets that it shows of each partition.
 * @throws KOPS_TOPIC_NOT_FOUND for a topic that the archive lacks
 */
export function searchFilter(request: SearchRequest, archive: Archive | undefined): RecordFilter {
  const { query, topics, from, to } = request;
  return {
    query,
    ...(archive === undefined ? inCatalog(topics) : shownIn(archive, request)),
    ...(from === undefined ? {} : { fromTime: Number(from) }),
    ...(to === undefined ? {} : { toTime: Number(to) }),
  };
}

/** Without an archive, Elasticsearch says which topics a glob means. */
function inCatalog(topics: SearchRequest['topics']): Pick<RecordFilter, 'topics' | 'topicGlobs'> {
  if (topics === undefined) return {};
  const isGlob = (name: string): boolean => /[*?]/.test(name);
  return {
    topics: topics.filter((name) => !isGlob(name)),
    topicGlobs: topics.filter(isGlob),
  };
}

function shownIn(
  { manifest }: Archive,
  { topics = [], partition: wanted }: SearchRequest,
): Pick<RecordFilter, 'ranges' | 'topics'> {
  const names = selectTopics(
    manifest.topics.map(({ name }) => name),
    { include: topics, exclude: [] },
  );
  const ranges = manifest.topics.flatMap(({ name, topicId, partitions }): RecordRange[] =>
    !names.includes(name)
      ? []
      : partitions
          .filter(({ partition }) => wanted === undefined || partition === wanted)
          .map(({ partition, logStart: from, cut: to }) => ({
            lineage: lineageId(manifest.cluster.id, topicId),
            partition,
            from,
            to,
          })),
  );
  return { topics: names, ranges: ranges.filter(({ from, to }) => from < to) };
}
