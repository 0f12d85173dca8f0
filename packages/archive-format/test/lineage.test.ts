import { describe, expect, it } from 'vitest';
import {
  mayExtend,
  mergeLeaderEpochs,
  relateLineage,
  truncateLeaderEpochs,
  type EpochEnd,
  type ExtensionFacts,
  type LeaderEpoch,
} from '../src/index.ts';

const epochs = (...pairs: [number, bigint][]): LeaderEpoch[] =>
  pairs.map(([epoch, startOffset]) => ({ epoch, startOffset }));
const answers =
  (...ends: EpochEnd[]) =>
  (epoch: number): EpochEnd | undefined => {
    const known = ends.filter((end) => end.epoch <= epoch);
    return known.at(-1);
  };

describe('relateLineage', () => {
  const archived = epochs([1, 0n], [3, 100n], [6, 200n]);

  it('is the same when the leader knows the last epoch at least as far', () => {
    expect(relateLineage(archived, 250n, answers({ epoch: 6, endOffset: 250n }))).toEqual({
      relation: 'same',
    });
    expect(
      relateLineage(
        archived,
        250n,
        answers({ epoch: 6, endOffset: 900n }, { epoch: 7, endOffset: 950n }),
      ),
    ).toEqual({ relation: 'same' });
  });

  it('is truncated where the last common epoch ends on either side', () => {
    expect(relateLineage(archived, 250n, answers({ epoch: 6, endOffset: 249n }))).toEqual({
      relation: 'truncated',
      truncatedAt: 249n,
    });
    expect(relateLineage(archived, 250n, answers({ epoch: 3, endOffset: 150n }))).toEqual({
      relation: 'truncated',
      truncatedAt: 150n,
    });
    expect(relateLineage(archived, 250n, answers({ epoch: 3, endOffset: 260n }))).toEqual({
      relation: 'truncated',
      truncatedAt: 200n,
    });
  });

  it('goes on asking past epochs that only the leader knows', () => {
    const leader = answers({ epoch: 1, endOffset: 90n }, { epoch: 5, endOffset: 300n });
    expect(relateLineage(archived, 250n, leader)).toEqual({
      relation: 'truncated',
      truncatedAt: 90n,
    });
  });

  it('does not take a missing answer for a truncation', () => {
    expect(relateLineage(archived, 250n, () => undefined).relation).toBe('unknown');
    expect(relateLineage(archived, 250n, () => ({ epoch: 0, endOffset: 5n })).relation).toBe(
      'unknown',
    );
    expect(relateLineage(archived, 250n, () => ({ epoch: 9, endOffset: 500n })).relation).toBe(
      'unknown',
    );
    expect(relateLineage([], 250n, answers({ epoch: 6, endOffset: 250n })).relation).toBe(
      'unknown',
    );
    expect(
      relateLineage(epochs([-1, 0n]), 250n, answers({ epoch: -1, endOffset: 250n })).relation,
    ).toBe('unknown');
  });
});

describe('histories of leader epochs', () => {
  it('grow, and forget what a newer lineage contradicts', () => {
    expect(mergeLeaderEpochs(epochs([1, 0n], [3, 100n]), epochs([3, 150n], [4, 200n]))).toEqual(
      epochs([1, 0n], [3, 100n], [4, 200n]),
    );
    expect(mergeLeaderEpochs(epochs([1, 0n], [3, 100n], [5, 180n]), epochs([6, 150n]))).toEqual(
      epochs([1, 0n], [3, 100n], [6, 150n]),
    );
    expect(mergeLeaderEpochs([], epochs([2, 7n]))).toEqual(epochs([2, 7n]));
  });

  it('are cut with the log', () => {
    expect(truncateLeaderEpochs(epochs([1, 0n], [3, 100n]), 100n)).toEqual(epochs([1, 0n]));
    expect(truncateLeaderEpochs(epochs([1, 0n], [3, 100n]), 101n)).toEqual(
      epochs([1, 0n], [3, 100n]),
    );
  });
});

describe('mayExtend', () => {
  const facts: ExtensionFacts = {
    parentTopicId: 'a'.repeat(32),
    topicId: 'a'.repeat(32),
    parentCut: 100n,
    parentCutAtMs: 1_000_000,
    logStart: 50n,
    cut: 120n,
    endMs: 1_000_000 + 86_399_999,
    cleanupPolicy: 'compact',
    parentCleanupPolicy: 'compact',
    deleteRetentionMs: 86_400_000,
  };
  const reasonOf = (changes: Partial<ExtensionFacts>): string | undefined => {
    const decision = mayExtend({ ...facts, ...changes });
    return decision.extend ? undefined : decision.reason;
  };

  it('extends a compacted topic until a tombstone could have gone unseen', () => {
    expect(reasonOf({})).toBeUndefined();
    expect(reasonOf({ endMs: facts.endMs + 1 })).toBe('tombstones-may-be-gone');
    expect(reasonOf({ deleteRetentionMs: null })).toBe('tombstones-may-be-gone');
    expect(reasonOf({ endMs: facts.parentCutAtMs - 1 })).toBe('clock-went-back');
    expect(reasonOf({ endMs: Number.NaN })).toBe('clock-went-back');
  });

  it('looks at the time on compacted topics only, now or then', () => {
    const late = { endMs: facts.endMs * 10 };
    expect(
      reasonOf({ ...late, cleanupPolicy: 'delete', parentCleanupPolicy: 'delete' }),
    ).toBeUndefined();
    expect(
      reasonOf({ ...late, cleanupPolicy: 'compact, delete', parentCleanupPolicy: 'delete' }),
    ).toBe('tombstones-may-be-gone');
    expect(reasonOf({ ...late, cleanupPolicy: 'delete', parentCleanupPolicy: 'compact' })).toBe(
      'tombstones-may-be-gone',
    );
    expect(reasonOf({ ...late, cleanupPolicy: null, parentCleanupPolicy: 'delete' })).toBe(
      'tombstones-may-be-gone',
    );
  });

  it('never extends another life or across a gap', () => {
    expect(reasonOf({ topicId: 'b'.repeat(32) })).toBe('topic-recreated');
    expect(reasonOf({ logStart: 101n })).toBe('log-start-passed');
    expect(reasonOf({ logStart: 100n })).toBeUndefined();
    expect(reasonOf({ cut: 99n })).toBe('cut-before-parent');
  });
});
