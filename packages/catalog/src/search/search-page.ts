import { KopsError } from '@kops/core';
import { parseWithBigints, stringifyWithBigints } from '../documents/exact-json.ts';
import type { RecordFilter } from './record-query.ts';

/** A search for records. */
export interface RecordSearch extends RecordFilter {
  /** Hits of a page. @defaultValue 20, at most 10,000 */
  readonly size?: number;
  /** Where the page before ended: its `next`. */
  readonly after?: string;
  /** By time, newest or oldest first. @defaultValue newest */
  readonly order?: 'newest' | 'oldest';
  /** What stands around matching words in highlights. Without, there are none. */
  readonly highlight?: { readonly before: string; readonly after: string };
  readonly signal?: AbortSignal;
}

/** A record that was found: where it is, and its document. */
export interface RecordHit {
  readonly cluster: string;
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** In ms since the epoch; -1 when the record has none. */
  readonly timestamp: bigint;
  readonly lineage: string;
  /** The archive and the segment that it was indexed from; later archives may show it too. */
  readonly archive: string;
  readonly segment: string;
  /** The document. Whole numbers beyond 2^53 are bigints. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Fragments with matching words, by field. */
  readonly highlights: Readonly<Record<string, readonly string[]>>;
}

/** One page of a search. */
export interface SearchPage {
  readonly hits: readonly RecordHit[];
  /** Records that match; a lower bound if `isTotalExact` is false. */
  readonly total: number;
  readonly isTotalExact: boolean;
  /** Give it to the next search, with the same filter, to go on; undefined at the end. */
  readonly next: string | undefined;
}

/** Where a page ended. */
export interface PageEnd {
  /** Point in time that the search is held at, if the server gave one. */
  readonly pointInTime: string | undefined;
  readonly sort: readonly unknown[];
}

/** A page's end as text that passes through URLs and command lines. */
export function encodePageEnd({ pointInTime, sort }: PageEnd): string {
  return Buffer.from(stringifyWithBigints([pointInTime ?? null, sort])).toString('base64url');
}

/**
 * Reads what {@link encodePageEnd} wrote.
 * @throws KOPS_USAGE
 */
export function decodePageEnd(text: string): PageEnd {
  const parsed = parse(Buffer.from(text, 'base64url').toString('utf8'));
  if (Array.isArray(parsed) && parsed.length === 2) {
    const [pointInTime, sort] = parsed as [unknown, unknown];
    if ((pointInTime === null || typeof pointInTime === 'string') && Array.isArray(sort))
      return { pointInTime: pointInTime ?? undefined, sort: sort as unknown[] };
  }
  throw new KopsError('KOPS_USAGE', '--next is not a token that a search printed', {
    hint: 'Run the search without --next.',
  });
}

function parse(text: string): unknown {
  try {
    return parseWithBigints(text);
  } catch {
    return undefined;
  }
}
