import { describe, expect, it } from 'vitest';
import {
  clusterId,
  parentPartition,
  partitionPlan,
  partitionSnapshot,
  topicId,
} from '../test/fixture.ts';
import type { CaptureRecord } from './capture-record.ts';
import { leftReadSince, planPassed } from './passed-leftovers.ts';
import type { ParentPartition, PartitionPlan } from './plan-backup.ts';
import { noLeftovers, type Leftovers } from './recovery.ts';

interface Left {
  readonly sealed?: readonly (readonly [from: bigint, to: bigint])[];
  /** Base offsets. */
  readonly parts?: readonly bigint[];
  readonly lost?: readonly (readonly [from: bigint, to: bigint])[];
  readonly partition?: number;
}

function leftovers({ sealed = [], parts = [], lost = [], partition = 0 }: Left): Leftovers {
  const of = { topicId, partition };
  const capture = {
    startedAtMs: 700,
    sealed: sealed.map(([from, to]) => ({ ...of, from, to })),
    opened: [],
    lost: lost.map(([from, to]) => ({
      ...of,
      loss: { from, to, reason: 'retention', detail: '' },
    })),
    topics: [],
  } as unknown as CaptureRecord;
  const folder = `segments/${clusterId}/${topicId}/${String(partition)}`;
  const keys = parts.map(
    (base) => `${folder}/${'a'.repeat(26)}/${String(base).padStart(20, '0')}.log`,
  );
  return { ...noLeftovers, captures: [capture], parts: new Map([[`${topicId}/0`, keys]]) };
}

/** Plans one partition whose log begins at an offset. */
function plan(
  logStart: bigint,
  left: Left,
  parent?: ParentPartition,
  mode: PartitionPlan['mode'] = 'baseline',
): PartitionPlan | undefined {
  const snapshot = partitionSnapshot({ logStart });
  const main = partitionPlan({ snapshot, resume: logStart, mode });
  const [planned] = planPassed([main], leftovers(left), { of: () => parent });
  return planned;
}

describe('planPassed', () => {
  const sealed = [
    [20n, 30n],
    [30n, 50n],
  ] as const;

  it('is about what no archive holds and nobody can read again', () => {
    expect(plan(31n, { sealed })).toMatchObject({
      mode: 'baseline',
      resume: 20n,
      gone: 'log-start-passed',
      readableFrom: 31n,
      snapshot: { logStart: 20n },
    });
    // The log begins where the first of it does, or before.
    expect(plan(20n, { sealed })).toBeUndefined();
    expect(plan(0n, { sealed })).toBeUndefined();
    expect(plan(21n, { sealed })).toBeDefined();
    // An extension begins where an archive ends: all behind it can be read.
    expect(plan(31n, { sealed }, undefined, 'extend')).toBeUndefined();
    expect(plan(31n, { sealed, partition: 1 })).toBeUndefined();
    expect(plan(31n, {})).toBeUndefined();
  });

  it.each([
    { cut: 20n, why: 'where it follows its cut' },
    { cut: 25n, why: 'where its cut lies inside' },
    { cut: 49n, why: 'of which it has almost all' },
  ])('extends an archive $why', ({ cut }) => {
    const parent = parentPartition(cut, { logStart: 3n });
    expect(plan(90n, { sealed }, parent)).toMatchObject({
      mode: 'extend',
      parent,
      resume: cut,
      snapshot: { logStart: 3n },
      leaderEpochs: [{ epoch: 1 }],
    });
  });

  it('leaves out what archives hold', () => {
    expect(plan(90n, { sealed }, parentPartition(50n))).toBeUndefined();
    // Its end can be read again.
    expect(plan(25n, { sealed }, parentPartition(25n))).toBeUndefined();
    expect(plan(26n, { sealed }, parentPartition(25n))).toBeDefined();
  });

  it('begins anew where the dead capture had: behind what was archived', () => {
    const parent = parentPartition(10n);
    const planned = plan(90n, { sealed }, parent);
    expect(planned).toMatchObject({ mode: 'baseline', parent: undefined, resume: 20n });
    // What lies between them is in no archive.
    expect(planned?.held).toEqual({ archive: parent.manifest.archive, end: 10n });
    // A loss that it had noticed lies in between: then it had extended.
    expect(plan(90n, { sealed, lost: [[10n, 20n]] }, parent)).toMatchObject({
      mode: 'extend',
      resume: 10n,
    });
    const other = parentPartition(25n, { topic: { topicId: 'f'.repeat(32) } });
    expect(plan(90n, { sealed }, other)).toMatchObject({ mode: 'baseline', resume: 20n });
  });

  it('looks into open segments, whose ends it does not know', () => {
    expect(plan(90n, { parts: [40n] })).toMatchObject({ mode: 'baseline', resume: 40n });
    expect(plan(90n, { parts: [40n] }, parentPartition(60n))).toMatchObject({ resume: 60n });
    expect(plan(40n, { parts: [40n] })).toBeUndefined();
    expect(plan(60n, { parts: [40n] }, parentPartition(60n))).toBeUndefined();
  });

  it('counts from when the archive that it extends was begun', () => {
    const left = { sealed };
    const at = (ms: number): string => new Date(ms).toISOString();
    const since = (parent?: ParentPartition): number | undefined => {
      const planned = plan(90n, left, parent);
      return planned && leftReadSince(planned, leftovers(left));
    };
    expect(since()).toBe(700);
    expect(since(parentPartition(20n, { startedAt: at(200) }))).toBe(200);
    expect(since(parentPartition(20n, { startedAt: at(900) }))).toBe(700);
  });
});
