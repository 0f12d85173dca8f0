import { internalTopics, KopsError } from '@kops/core';
import { longValue } from '../documents/exact-json.ts';
import { refuseNumberRangesOverText } from './number-ranges.ts';

/** Offsets [from, to) of a partition: what an archive shows of it. */
export interface RecordRange {
  /** Of cluster and topic id: `lineageId`. */
  readonly lineage: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  /** Only what was last written from this segment, by object key: another one may hold the same offsets. */
  readonly segment?: string;
}

/** Which records are meant; all of the conditions hold. */
export interface RecordFilter {
  /** In the syntax of Elasticsearch's query strings; all words must occur, unless it says OR. */
  readonly query?: string;
  readonly topics?: readonly string[];
  /** Globs of `*` and `?`, of which Kafka's own topics are left out: records of these or of `topics`. */
  readonly topicGlobs?: readonly string[];
  readonly clusters?: readonly string[];
  /** Records inside of any of these ranges. An empty list means none. */
  readonly ranges?: readonly RecordRange[];
  /** Times in ms since the epoch; from is included, to is not. */
  readonly fromTime?: number;
  readonly toTime?: number;
}

/** Ranges that one query takes: each is a clause of three conditions. */
export const maxRanges = 1000;

/** Fields that are searched where the query names none. */
export const searchedFields = ['message', 'kafka.key', 'kafka.headers'] as const;

type Clause = Readonly<Record<string, unknown>>;

/**
 * The query for a filter, as Elasticsearch takes it.
 * @throws KOPS_USAGE for more ranges than a query takes, and for a range of numbers over a field that is compared as text
 */
export function recordQuery(filter: RecordFilter): Clause {
  const { query, topics, topicGlobs, clusters, ranges, fromTime, toTime } = filter;
  const conditions: Clause[] = [];
  if (topics !== undefined || topicGlobs !== undefined)
    conditions.push(ofTopics(topics ?? [], topicGlobs ?? []));
  if (clusters !== undefined) conditions.push({ terms: { 'kops.cluster': clusters } });
  if (ranges !== undefined) conditions.push(anyOf(ranges));
  if (fromTime !== undefined || toTime !== undefined)
    conditions.push({
      range: {
        'kafka.timestamp': {
          ...(fromTime === undefined ? {} : { gte: fromTime }),
          ...(toTime === undefined ? {} : { lt: toTime }),
        },
      },
    });
  const words = query?.trim() ?? '';
  if (words !== '') {
    refuseNumberRangesOverText(words);
    conditions.push({
      query_string: {
        query: words,
        fields: searchedFields,
        default_operator: 'AND',
        // A word is no number: it simply does not occur in a field of numbers.
        lenient: true,
        // Of a text within another's field names, only the parts are known.
        analyze_wildcard: true,
      },
    });
  }
  return conditions.length === 0 ? { match_all: {} } : { bool: { filter: conditions } };
}

function ofTopics(topics: readonly string[], globs: readonly string[]): Clause {
  const named = { terms: { 'kafka.topic': topics } };
  if (globs.length === 0) return named;
  const matching = {
    bool: {
      should: globs.map((glob) => ({
        // In a wildcard query a backslash takes the next character as it is; in a glob it is a character.
        wildcard: { 'kafka.topic': { value: glob.replaceAll('\\', '\\\\') } },
      })),
      minimum_should_match: 1,
      must_not: [{ terms: { 'kafka.topic': [...internalTopics] } }],
    },
  };
  return { bool: { should: [named, matching], minimum_should_match: 1 } };
}

function anyOf(ranges: readonly RecordRange[]): Clause {
  if (ranges.length > maxRanges) {
    throw new KopsError('KOPS_USAGE', `${ranges.length} partitions are too many for one search`, {
      hint: 'Name fewer topics with --topics.',
    });
  }
  if (ranges.length === 0) return { match_none: {} };
  return { bool: { should: ranges.map(rangeClause), minimum_should_match: 1 } };
}

/** The clause for one range of offsets. */
export function rangeClause({ lineage, partition, from, to, segment }: RecordRange): Clause {
  return {
    bool: {
      filter: [
        { term: { 'kops.lineage': lineage } },
        { term: { 'kafka.partition': partition } },
        { range: { 'kafka.offset': { gte: longValue(from), lt: longValue(to) } } },
        ...(segment === undefined ? [] : [{ term: { 'kops.segment': segment } }]),
      ],
    },
  };
}
