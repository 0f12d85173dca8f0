import { recordDigest } from '@kops/record-batch';
import type { RestoreLimits } from '../src/index.ts';
import type { PartitionFixture } from './archive-fixture.ts';
import { batchAt, markerAt, offsetsFrom, transactionalBatch } from './batches.ts';
import type { FakeKafka } from './fake-kafka.ts';

export const quick: Partial<RestoreLimits> = {
  stableMs: 1,
  checkpointMs: 0,
  settleDeadlineMs: 1000,
};
/** For runs that are not to get through: they give up soon. */
export const impatient = { ...quick, settleDeadlineMs: 10 };
/** 120 records without holes, in batches of ten. */
export const plain: PartitionFixture = {
  batches: offsetsFrom(0, 12).map((index) =>
    batchAt(offsetsFrom(index * 10, 10), { codec: index % 2 === 0 ? 'zstd' : 'none' }),
  ),
};

/** Compaction holes inside and between batches, a log start above 0, transactions of all kinds. */
export const mixed: PartitionFixture = {
  logStart: 5n,
  cut: 71n,
  batches: [
    batchAt(offsetsFrom(3, 7)),
    batchAt([12, 15, 16], { lastOffset: 19n }),
    transactionalBatch([20, 21, 22], 1n),
    transactionalBatch([23, 24], 2n),
    markerAt(25, 1n, 'abort'),
    markerAt(26, 2n, 'commit'),
    batchAt(offsetsFrom(27, 3), {
      timestampType: 'LogAppendTime',
      maxTimestamp: 1_800_000_000_000n,
    }),
    transactionalBatch([30, 31], 1n),
    batchAt([40], { codec: 'gzip' }),
    batchAt(offsetsFrom(60, 20)),
  ],
};

export const mixedOffsets = [
  5,
  6,
  7,
  8,
  9,
  12,
  15,
  16,
  23,
  24,
  27,
  28,
  29,
  40,
  ...offsetsFrom(60, 11),
];

/** What a topic of the target holds. */
export function digests(kafka: FakeKafka, topic: string, partition = 0): string[] {
  return kafka.records(topic, partition).map(recordDigest);
}
