import { systemClock } from '@kops/core';
import { createMemoryStore } from '@kops/object-store/memory';
import { describe, expect, it } from 'vitest';
import { batchesFrom } from '../test/batches.ts';
import { captureAgain } from '../test/captured.ts';
import {
  beginJournal,
  clusterId,
  openSink,
  parentPartition,
  topicId,
  topicSnapshot,
} from '../test/fixture.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import { capturedTopic, planGoneTopic, toCapturedTopic, topicsOf } from './gone-topics.ts';
import type { ParentPartition } from './plan-backup.ts';
import { findLeftovers, type Leftovers } from './recovery.ts';

const topic = topicSnapshot();

/** Captures 50 offsets in segments of 10, and dies. */
async function die({
  reachesFrom = 0,
  losesUpTo,
}: { readonly reachesFrom?: number; readonly losesUpTo?: number } = {}) {
  const store = createMemoryStore();
  const journal = await beginJournal([store]);
  await journal.recordTopics([toCapturedTopic(topic)]);
  const plan = { resume: BigInt(reachesFrom) };
  const { sink } = await openSink([store], { plan, segmentBytes: 1 }, journal);
  let next = reachesFrom;
  if (losesUpTo !== undefined) {
    for (const batch of batchesFrom(next, 1, 10)) await sink.append(batch);
    const from = sink.position;
    await sink.lose({ from, to: BigInt(losesUpTo), reason: 'retention', detail: '' });
    next = losesUpTo;
  }
  for (const batch of batchesFrom(next, 5, 10)) await sink.append(batch);
  await sink.suspend();
  await journal.release();
  const own = { capture: 'own', running: new Set<string>() };
  const leftovers = await findLeftovers(store, clusterId, own, systemClock);
  return { store, leftovers };
}

async function takeOver(
  died: { readonly store: ReturnType<typeof createMemoryStore>; readonly leftovers: Leftovers },
  parent?: ParentPartition,
): Promise<AssignedPartition | undefined> {
  const captured = capturedTopic(died.leftovers, topicId);
  if (captured === undefined) throw new Error('the journal tells nothing');
  const plans = planGoneTopic(captured, 'topic-deleted', died.leftovers, { of: () => parent });
  const [partition] = await (await captureAgain(died.store, died.leftovers)).takeOver(plans);
  return partition;
}

describe('what dead captures left of a topic that is gone', () => {
  it('is taken over whole, and ends with the loss', async () => {
    const died = await die();
    expect([...topicsOf(died.leftovers)]).toEqual([topicId]);
    const sink = (await takeOver(died))?.sink;
    expect(sink).toMatchObject({ durable: 50n, sealedEnd: 50n, logStart: 0n });
    expect(sink?.losses).toMatchObject([{ from: 50n, to: 50n, reason: 'topic-deleted' }]);
    expect(sink?.entries.map(({ slice }) => slice.end)).toEqual([10n, 20n, 30n, 40n, 50n]);
  });

  it.each([
    { cut: 20n, resume: 20n, why: 'behind the cut of an archive' },
    { cut: 25n, resume: 20n, why: 'from the segment that the cut of an archive lies in' },
  ])('begins $why', async ({ cut, resume }) => {
    const sink = (await takeOver(await die(), parentPartition(cut)))?.sink;
    expect(sink?.plan).toMatchObject({ mode: 'extend', resume });
    expect([sink?.parentEnd, sink?.durable]).toEqual([resume, 50n]);
  });

  it('is left out where an archive has it all', async () => {
    expect(await takeOver(await die(), parentPartition(50n))).toBeUndefined();
    expect(await takeOver(await die(), parentPartition(60n))).toBeUndefined();
    expect(await takeOver(await die(), parentPartition(49n))).toBeDefined();
  });

  it('is taken over beyond what it had lost', async () => {
    const sink = (await takeOver(await die({ losesUpTo: 100 })))?.sink;
    expect(sink?.durable).toBe(150n);
    expect(sink?.losses).toMatchObject([
      { from: 10n, to: 100n, reason: 'retention' },
      { from: 150n, to: 150n, reason: 'topic-deleted' },
    ]);
  });

  it('is a baseline where the archive is of another life', async () => {
    const parent = parentPartition(20n, { topic: { topicId: topicId.replaceAll('0', 'f') } });
    const sink = (await takeOver(await die({ reachesFrom: 10 }), parent))?.sink;
    expect(sink?.plan).toMatchObject({ mode: 'baseline', parent: undefined, resume: 10n });
    expect([sink?.logStart, sink?.durable]).toEqual([10n, 60n]);
  });

  it('tells of the end once, however often it was taken over', async () => {
    const died = await die();
    const again = await captureAgain(died.store, died.leftovers);
    const captured = capturedTopic(died.leftovers, topicId);
    if (captured === undefined) throw new Error('the journal tells nothing');
    await again.takeOver(
      planGoneTopic(captured, 'topic-deleted', died.leftovers, { of: () => undefined }),
    );
    const own = { capture: 'own', running: new Set<string>() };
    const leftovers = await findLeftovers(died.store, clusterId, own, systemClock);
    expect(leftovers.captures.length).toBe(2);
    const sink = (await takeOver({ store: died.store, leftovers }))?.sink;
    expect(sink?.durable).toBe(50n);
    expect(sink?.losses).toMatchObject([{ from: 50n, to: 50n, reason: 'topic-deleted' }]);
  });
});
