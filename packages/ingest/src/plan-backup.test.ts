import { describe, expect, it } from 'vitest';
import {
  clusterId,
  configs,
  parentPartition,
  partitionSnapshot,
  topicId,
  topicSnapshot,
} from '../test/fixture.ts';
import type { PartitionSnapshot, TopicSnapshot } from './cluster-snapshot.ts';
import {
  checkStillExtends,
  planBackup,
  type ParentPartition,
  type PartitionPlan,
  type PlanFacts,
} from './plan-backup.ts';

interface Case {
  readonly partition?: Partial<PartitionSnapshot>;
  readonly topic?: Partial<TopicSnapshot>;
  readonly parent?: ParentPartition;
  readonly epochEnd?: { leaderEpoch: number; endOffset: bigint };
  readonly isolation?: PlanFacts['isolation'];
  readonly nowMs?: number;
}

/** The plan of one partition. */
function plan({
  partition,
  topic,
  parent,
  epochEnd,
  isolation = 'read_committed',
  nowMs = 500,
}: Case): PartitionPlan {
  const snapshot = topicSnapshot({ partitions: [partitionSnapshot(partition)], ...topic });
  const [planned] = planBackup({
    snapshot: {
      cluster: { clusterId, controllerId: 1, brokers: [] },
      topics: [snapshot],
      liveTopics: new Set([topicId]),
      groups: [],
    },
    isolation,
    parentOf: () => parent,
    epochEnd: () => epochEnd,
    nowMs,
  });
  if (planned === undefined) throw new Error('nothing was planned');
  return planned;
}

const compacted = configs({ 'cleanup.policy': 'compact', 'delete.retention.ms': '1000' });

describe('planBackup', () => {
  it('begins anew where the parent may lack tombstones, and knows what it told', () => {
    const losses = [
      { from: 90n, to: 90n, reason: 'tombstones-may-be-gone', detail: 'took 2 days' },
    ] as const;
    const planned = plan({ parent: parentPartition(90n, { losses: [...losses] }) });
    expect(planned).toMatchObject({ mode: 'baseline', archivedLosses: losses, losses: [] });
    expect(planned.reason).toContain('tombstones-may-be-gone');
    expect(plan({ parent: parentPartition(90n) })).toMatchObject({ mode: 'extend' });
  });

  it('begins at the log start where nothing is archived', () => {
    expect(plan({ partition: { logStart: 7n } })).toMatchObject({
      mode: 'baseline',
      reason: expect.stringMatching(/^no-earlier-archive: /) as unknown,
      resume: 7n,
      cut: 100n,
    });
  });

  it('keeps on telling expected deletions while the offsets around them are shown', () => {
    const purges = [{ from: 10n, to: 20n, detail: 'gone' }];
    const parent = parentPartition(40n, { purges });
    expect(plan({ parent })).toMatchObject({ mode: 'extend', losses: [], purges });
    const after = plan({ parent, partition: { logStart: 20n } });
    expect(after.purges).toBeUndefined();
    // A capture that was killed had noted it as what it is on the wire.
    expect(after.archivedLosses).toMatchObject([{ from: 10n, to: 20n, reason: 'retention' }]);
  });

  it('cuts at the last stable offset, or at the high watermark', () => {
    const partition = { highWatermark: 90n, lastStableOffset: 60n };
    expect(plan({ partition }).cut).toBe(60n);
    expect(plan({ partition, isolation: 'read_uncommitted' }).cut).toBe(90n);
  });

  it('extends where the parent ends', () => {
    expect(
      plan({ parent: parentPartition(40n), epochEnd: { leaderEpoch: 1, endOffset: 100n } }),
    ).toMatchObject({
      mode: 'extend',
      resume: 40n,
      cut: 100n,
      losses: [],
      leaderEpochs: [{ epoch: 1, startOffset: 0n }],
    });
  });

  it.each([
    ['topic-recreated', { topic: { topicId: 'f'.repeat(32) }, parent: parentPartition(40n) }],
    ['log-start-passed', { partition: { logStart: 41n }, parent: parentPartition(40n) }],
    ['cut-before-parent', { parent: parentPartition(101n) }],
    [
      'tombstones-may-be-gone',
      { topic: { configs: compacted }, parent: parentPartition(40n), nowMs: 1000 },
    ],
    [
      'tombstones-may-be-gone',
      { parent: parentPartition(40n, { topic: { configs: compacted } }), nowMs: 1000 },
    ],
    ['tombstones-may-be-gone', { topic: { configs: [] }, parent: parentPartition(40n) }],
    ['clock-went-back', { topic: { configs: compacted }, parent: parentPartition(40n), nowMs: -1 }],
  ] satisfies [string, Case][])('begins a baseline: %s', (reason, facts) => {
    const planned = plan(facts);
    expect(planned).toMatchObject({
      mode: 'baseline',
      parent: undefined,
      resume: planned.snapshot.logStart,
      losses: [],
    });
    expect(planned.reason).toContain(reason);
  });

  it.each<[string, Case, bigint | undefined]>([
    ['a log start', { partition: { logStart: 60n }, parent: parentPartition(40n) }, 40n],
    [
      'a compacted topic that deletes as well',
      {
        topic: { configs: configs({ 'cleanup.policy': 'compact,delete' }) },
        partition: { logStart: 60n },
        parent: parentPartition(40n),
      },
      40n,
    ],
    [
      'a compacted topic whose baseline is only about tombstones',
      { topic: { configs: compacted }, parent: parentPartition(40n), nowMs: 1000 },
      40n,
    ],
    [
      'a parent that nothing may extend',
      {
        partition: { logStart: 60n },
        parent: parentPartition(40n, {
          losses: [{ from: 40n, to: 40n, reason: 'tombstones-may-be-gone', detail: '' }],
        }),
      },
      40n,
    ],
    [
      'a log that was truncated and has moved on',
      {
        partition: { logStart: 60n },
        parent: parentPartition(40n),
        epochEnd: { leaderEpoch: 1, endOffset: 30n },
      },
      30n,
    ],
    [
      'another life of the topic',
      {
        topic: { topicId: 'f'.repeat(32) },
        partition: { logStart: 60n },
        parent: parentPartition(40n),
      },
      undefined,
    ],
    [
      'a topic that had a derived id',
      {
        topic: { topicId: 'f'.repeat(32) },
        partition: { logStart: 60n },
        parent: parentPartition(40n, { topic: { derivedTopicId: true } }),
      },
      40n,
    ],
    ['no parent', { partition: { logStart: 60n } }, undefined],
  ])('knows of a baseline up to where an archive holds it: %s', (_what, facts, end) => {
    const planned = plan(facts);
    expect(planned.mode).toBe('baseline');
    const archive = facts.parent?.manifest.archive;
    expect(planned.held).toEqual(end === undefined ? undefined : { archive, end });
  });

  it.each([
    { partition: { logStart: 40n }, parent: parentPartition(40n) },
    { parent: parentPartition(100n) },
    { topic: { configs: compacted }, parent: parentPartition(40n), nowMs: 999 },
    { parent: parentPartition(40n), nowMs: 10 ** 12 },
  ] satisfies Case[])('extends at the edge of those rules', (facts) => {
    expect(plan(facts).mode).toBe('extend');
  });

  it('goes back to where a truncated log parted from what is archived', () => {
    const parent = parentPartition(80n, {
      lineage: {
        topicId,
        derivedTopicId: false,
        partition: 0,
        leaderEpochs: [
          { epoch: 1, startOffset: 0n },
          { epoch: 3, startOffset: 60n },
        ],
      },
    });
    expect(plan({ parent, epochEnd: { leaderEpoch: 3, endOffset: 70n } })).toMatchObject({
      mode: 'extend',
      resume: 70n,
      losses: [{ from: 70n, to: 80n, reason: 'truncation' }],
      leaderEpochs: [{ epoch: 1 }, { epoch: 3 }],
    });
    expect(plan({ parent, epochEnd: { leaderEpoch: 1, endOffset: 50n } })).toMatchObject({
      resume: 50n,
      leaderEpochs: [{ epoch: 1 }],
    });
    // An undefined answer is unknown, not truncated.
    expect(plan({ parent, epochEnd: { leaderEpoch: -1, endOffset: -1n } })).toMatchObject({
      resume: 80n,
      losses: [],
    });
  });

  it('goes back in a truncated log that ends before the archived one', () => {
    const parent = parentPartition(80n);
    const partition = { highWatermark: 75n, lastStableOffset: 75n };
    const truncated = { leaderEpoch: 1, endOffset: 60n };
    const losses = [{ from: 60n, to: 80n, reason: 'truncation' }];
    const planned = plan({ partition, parent, epochEnd: truncated });
    expect(planned).toMatchObject({ mode: 'extend', resume: 60n, cut: 75n, losses });
    expect(() => checkStillExtends([planned], 500)).not.toThrow();
    // Nothing above the cut is shown, but the loss is one all the same; so it is where tombstones force a baseline.
    const stable = { highWatermark: 75n, lastStableOffset: 50n };
    expect(plan({ partition: stable, parent, epochEnd: truncated })).toMatchObject({
      mode: 'baseline',
      cut: 50n,
      losses,
    });
    const topic = { configs: compacted };
    expect(plan({ partition, topic, parent, epochEnd: truncated, nowMs: 1000 })).toMatchObject({
      mode: 'baseline',
      losses,
    });
    // A leader that only lags has the archived records: nothing is lost.
    expect(plan({ partition, parent, epochEnd: { leaderEpoch: 1, endOffset: 80n } })).toMatchObject(
      { mode: 'baseline', losses: [] },
    );
    // What another life of the topic held is no truncation of this one.
    const recreated = { topicId: 'f'.repeat(32) };
    expect(plan({ topic: recreated, parent, epochEnd: truncated }).losses).toEqual([]);
  });

  it('keeps telling of losses that it still shows', () => {
    const loss = (from: bigint, to: bigint): ParentPartition['partition']['losses'][number] => ({
      from,
      to,
      reason: 'retention',
      detail: '',
    });
    const parent = parentPartition(80n, { losses: [loss(5n, 10n), loss(20n, 30n)] });
    expect(plan({ parent }).losses).toHaveLength(2);
    expect(plan({ parent, partition: { logStart: 15n } }).losses).toEqual([loss(20n, 30n)]);
  });
});
