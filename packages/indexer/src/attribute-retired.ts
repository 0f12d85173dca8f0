import { lineageId, type Attribution, type CallOptions, type Catalog } from '@kops/catalog';
import type { WithCatalog } from './catalog-work.ts';
import type { DeadLetterFiles } from './dead-letter.ts';
import type { ShownSegment } from './shown-segments.ts';
import type { SegmentState } from './state/index-state.ts';

/** Clauses that Elasticsearch is asked for at a time. */
const perCall = 500;

/** What is left of what retired archives showed. */
export interface RetiredLeftovers {
  readonly withCatalog: WithCatalog;
  readonly deadLetters: DeadLetterFiles;
  readonly retired: readonly string[];
  /** Segments that stay. */
  readonly segments: Iterable<SegmentState>;
  readonly shown: ReadonlyMap<string, ShownSegment>;
}

/**
 * Makes documents and dead letters that name retired archives name one that is left and shows them: in steps of some thousand, each
 * of which only looks for what still names a retired one, so that it can be done again at any time. Resolves with the states of
 * segments that change by it.
 */
export async function attributeRetired(left: RetiredLeftovers): Promise<SegmentState[]> {
  const retired = new Set(left.retired);
  const ranges = new Map<string, Parameters<Catalog['attributeRecords']>[0][number][]>();
  const renamed = new Map<string, SegmentState[]>();
  for (const segment of left.segments) {
    const parts = left.shown.get(segment.segment)?.parts ?? [];
    const [first] = parts;
    if (first === undefined) continue;
    const { partition, segment: key } = segment;
    const lineage = lineageId(segment.cluster, segment.topicId);
    if (segment.written.length > 0)
      for (const { archive, range } of parts)
        listOf(ranges, archive).push({ lineage, partition, ...range, segment: key });
    if (retired.has(segment.archive))
      listOf(renamed, first.archive).push({ ...segment, archive: first.archive });
  }
  for (const [archive, of] of ranges)
    await inSteps(left, archive, of, (catalog, ...step) => catalog.attributeRecords(...step));
  for (const [archive, of] of renamed) {
    const keys = of.map(({ segment }) => segment);
    await inSteps(left, archive, keys, (catalog, ...step) => catalog.attributeSegments(...step));
    for (const key of keys) await left.deadLetters.attribute(key, retired, archive);
  }
  return [...renamed.values()].flat();
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}

/** One call after the other, each tried by itself, until nothing names a retired archive any more. */
async function inSteps<T>(
  { withCatalog, retired }: RetiredLeftovers,
  archive: string,
  all: readonly T[],
  step: (
    catalog: Catalog,
    part: readonly T[],
    attribution: Attribution,
    call: CallOptions,
  ) => Promise<number>,
): Promise<void> {
  for (let from = 0; from < all.length; from += perCall) {
    const part = all.slice(from, from + perCall);
    const once = () =>
      withCatalog((catalog, call) => step(catalog, part, { retired, archive }, call));
    while ((await once()) > 0);
  }
}
