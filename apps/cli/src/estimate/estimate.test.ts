import { describe, expect, it } from 'vitest';
import {
  estimateCluster,
  estimateNumbers,
  type CopyPlace,
  type PartitionFacts,
} from './estimate.ts';

const partition = (
  number: number,
  start: bigint,
  end: bigint,
  bytesPerOffset: number | null = 100,
): PartitionFacts => ({
  topic: 't',
  partition: number,
  start,
  end,
  bytesPerOffset,
  sampledBytes: 1000,
});
const place = (
  freeBytes: bigint | null,
  archived: CopyPlace['archived'] = () => undefined,
): CopyPlace => ({ repository: 'file:///r', freeBytes, archived });
const rate = { bytesPerSecond: 1000, from: 'given' } as const;

describe('the volume of a backup', () => {
  it.each([
    [5, 1, 5],
    [5, 3, 15],
  ])('of %i partitions with %i copies is %i', (partitions, copies, partitionCopies) => {
    expect(
      estimateNumbers({ partitions, copies, bytes: null, rate: null, places: [] }),
    ).toMatchObject({ partitionCopies, bytes: null, durationMs: null, fits: null });
  });

  it('takes the size of all copies, and the time of one', () => {
    const estimate = estimateNumbers({
      partitions: 5,
      copies: 2,
      bytes: 60_000n,
      rate,
      places: [],
    });
    expect(estimate).toMatchObject({ totalBytes: 120_000n, durationMs: 60_000 });
  });
});

describe('an estimate of a cluster', () => {
  it('sums offsets and sampled sizes; a partition without a sample counts by the average', () => {
    const estimate = estimateCluster({
      partitions: [
        partition(0, 0n, 10n, 100),
        partition(1, 5n, 15n, 300),
        partition(2, 0n, 10n, null),
      ],
      copies: 1,
      places: [],
      rate,
    });
    expect(estimate).toMatchObject({
      offsets: 30n,
      bytes: 6000n,
      bytesPerOffset: 200,
      durationMs: 6000,
      fits: null,
    });
    expect(estimate.topics).toEqual([{ topic: 't', partitions: 3, offsets: 30n, bytes: 6000n }]);
  });

  it('subtracts what is archived', () => {
    const archived = (): { start: bigint; end: bigint } => ({ start: 0n, end: 8n });
    const estimate = estimateCluster({
      partitions: [partition(0, 0n, 10n)],
      copies: 1,
      places: [place(1000n, archived)],
      rate,
    });
    expect(estimate).toMatchObject({ bytes: 1000n, newBytes: 200n, durationMs: 200, fits: true });
    expect(estimate.places).toMatchObject([
      { archivedOffsets: 8n, newOffsets: 2n, newBytes: 200n },
    ]);
  });

  // Retention overtook the archive, or the log was truncated: nothing of it can be extended.
  it.each([
    [20n, 30n, 10n],
    [0n, 5n, 10n],
  ])('of offsets %s to %s after an archive to %s takes all', (start, end, cut) => {
    const estimate = estimateCluster({
      partitions: [partition(0, start, end)],
      copies: 1,
      places: [place(null, () => ({ start: 0n, end: cut }))],
      rate: null,
    });
    expect(estimate).toMatchObject({
      newBytes: (end - start) * 100n,
      fits: null,
      durationMs: null,
    });
  });

  it.each([
    [1100n, true],
    [1099n, false],
  ])('with %s bytes free and a tenth in reserve fits: %s', (freeBytes, fits) => {
    expect(
      estimateCluster({
        partitions: [partition(0, 0n, 10n)],
        copies: 1,
        places: [place(freeBytes)],
        rate,
      }).fits,
    ).toBe(fits);
  });

  it('fits only if every copy does', () => {
    const estimate = estimateCluster({
      partitions: [partition(0, 0n, 10n)],
      copies: 2,
      places: [place(5000n), place(5n)],
      rate,
    });
    expect(estimate).toMatchObject({ totalBytes: 2000n, fits: false });
  });

  it('of an empty cluster is nothing', () => {
    expect(
      estimateCluster({
        partitions: [partition(0, 7n, 7n, null)],
        copies: 1,
        places: [place(0n)],
        rate,
      }),
    ).toMatchObject({ offsets: 0n, bytes: 0n, bytesPerOffset: null, fits: true });
  });
});
