import type { CommittedOffset, TopicConfigEntry } from '@kops/kafka';
import { splitBatches } from '@kops/record-batch';
import type { ComparisonTarget } from '../src/index.ts';

/** What a fake target holds. */
export interface TargetContent {
  /** Batches of `restored`-0. */
  readonly batches: readonly Uint8Array[];
  readonly logStart?: bigint;
  readonly committed?: Readonly<Record<string, readonly CommittedOffset[]>>;
  readonly configs?: readonly TopicConfigEntry[];
  readonly partitions?: number;
}

/** A target in memory that answers fetches as a broker does: from the batch that holds the offset, at least one, the last perhaps cut off. */
export function fakeTarget(content: TargetContent): ComparisonTarget {
  const log = Buffer.concat(content.batches);
  const views = [...splitBatches(log)];
  const end = views.at(-1)?.nextOffset ?? 0n;
  return {
    listOffsets: (places, spec) =>
      Promise.resolve(places.map(() => (spec === 'latest' ? end : (content.logStart ?? 0n)))),
    fetch: ({ offset, maxBytes }) => {
      let start = 0;
      for (const view of views) {
        if (view.nextOffset > offset) break;
        start += view.sizeInBytes;
      }
      const first: number = views.find((view) => view.nextOffset > offset)?.sizeInBytes ?? 0;
      const bytes = log.subarray(start, start + Math.max(first, maxBytes));
      return Promise.resolve({
        status: 'ok' as const,
        bytes,
        highWatermark: end,
        lastStableOffset: end,
        logStart: 0n,
        abortedTransactions: [],
      });
    },
    topics: (names = ['restored']) =>
      Promise.resolve(
        names.map((name) => ({
          name,
          id: 'f'.repeat(32),
          isInternal: false,
          partitions: Array.from({ length: content.partitions ?? 1 }, (_, partition) => ({
            partition,
            leader: 1,
            leaderEpoch: 0,
            replicas: [1],
            isr: [1],
          })),
        })),
      ),
    topicConfigs: (names) =>
      Promise.resolve(new Map(names.map((name) => [name, content.configs ?? []]))),
    committedOffsets: (group) => Promise.resolve([...(content.committed?.[group] ?? [])]),
  };
}
