import type { Loss } from '@kops/archive-format';
import { systemClock } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { createMemoryStore } from '@kops/object-store/memory';
import { readSegmentBatches } from '@kops/repository';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesFrom, batchOf, markerOf } from '../test/batches.ts';
import { CrashStore } from '../test/crash-store.ts';
import {
  clusterId,
  configs,
  keysIn,
  openSink,
  parentPartition,
  partitionSnapshot,
  topicSnapshot,
  type SinkFixture,
} from '../test/fixture.ts';
import { CaptureJournal } from './capture-journal.ts';
import { thisProcess } from '@kops/object-store/owner';
import { passTo } from './passed-offsets.ts';
import type { PartitionPlan } from './plan-backup.ts';
import type { PartitionSink } from './partition-sink.ts';
import { recoverPartition } from './recover-partition.ts';
import { findLeftovers } from './recovery.ts';

const truncation = (from: bigint, to: bigint): Loss => ({
  from,
  to,
  reason: 'truncation',
  detail: '',
});

/** What a new process makes of a store. */
async function recoverFrom(crashed: CrashStore, segmentBytes?: number): Promise<PartitionSink> {
  const { sink, journal } = await openSink(
    [crashed.store],
    segmentBytes === undefined ? {} : { segmentBytes },
  );
  const leftovers = await findLeftovers(crashed.store, clusterId, {
    capture: journal.capture,
    running: new Set(),
  });
  await recoverPartition(sink, leftovers, [crashed.store], systemClock);
  return sink;
}

async function bytesOf(sink: PartitionSink, { store }: CrashStore): Promise<Buffer> {
  await sink.seal();
  const pieces: Uint8Array[] = [];
  for (const { key, slice } of sink.entries) {
    for await (const { batch } of readSegmentBatches(store, { key })) {
      if (batch.nextOffset > slice.start && batch.baseOffset < slice.end)
        pieces.push(new Uint8Array(batch.bytes));
    }
  }
  return Buffer.concat(pieces);
}

describe('PartitionSink', () => {
  it('moves the watermark after a sync, and not before', async () => {
    const { sink, reported } = await openSink([createMemoryStore()]);
    for (const batch of batchesFrom(0, 3)) await sink.append(batch);
    expect([sink.position, sink.durable]).toEqual([15n, 0n]);
    await sink.sync();
    expect(sink.durable).toBe(15n);
    await sink.append(batchOf({ from: 15 }));
    await sink.seal();
    expect(reported).toEqual([15n, 16n]);
  });

  it('leaves nothing to adopt of a run whose bytes are not those that were fetched', async () => {
    const crash = new CrashStore();
    const { sink, journal } = await openSink([crash.store], { segmentBytes: 500 });
    sink.beginRun();
    for (const batch of batchesFrom(0, 10)) await sink.append(batch);
    expect((await keysIn(crash.store, 'segments/')).objects.length).toBeGreaterThan(2);
    await sink.rejectRun();
    expect(await keysIn(crash.store, 'segments/')).toEqual({ objects: [], parts: [] });
    await journal.release();
    expect((await recoverFrom(crash)).position).toBe(0n);
  });

  it('keeps what an earlier run has proved when a later one is rejected', async () => {
    const crash = new CrashStore();
    const { sink, journal } = await openSink([crash.store]);
    sink.beginRun();
    for (const batch of batchesFrom(0, 3)) await sink.append(batch);
    await sink.seal();
    sink.beginRun();
    await sink.append(batchOf({ from: 15 }));
    await sink.rejectRun();
    await journal.release();
    expect((await recoverFrom(crash)).position).toBe(15n);
  });

  it('seals by size and keeps the bytes as they came', async () => {
    const crash = new CrashStore();
    const { sink } = await openSink([crash.store], { segmentBytes: 500 });
    const batches = batchesFrom(0, 10);
    for (const batch of batches) await sink.append(batch);
    await sink.seal();
    expect(sink.entries.length).toBeGreaterThan(2);
    expect((await bytesOf(sink, crash)).equals(Buffer.concat(batches))).toBe(true);
    expect((await keysIn(crash.store, 'segments/')).parts).toEqual([]);
  });

  it.each([
    ['again', 10],
    ['before', 0],
    ['partly again in one run', 14],
  ])('refuses batches that came %s', async (_, from) => {
    const { sink } = await openSink([createMemoryStore()]);
    await sink.append(Buffer.concat(batchesFrom(0, 3)));
    const late =
      from === 14
        ? Buffer.concat([batchOf({ from: 15 }), batchOf({ from: 14 })])
        : batchOf({ from, count: 5 });
    await expect(sink.append(late)).rejects.toMatchObject({
      code: 'KOPS_OFFSET_MISMATCH',
      at: { topic: 'orders', partition: 0, offset: BigInt(from) },
    });
  });

  it('refuses a damaged batch', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    const batch = batchOf({ from: 0, count: 3 });
    batch[80] = (batch[80] ?? 0) ^ 1;
    await expect(sink.append(batch)).rejects.toMatchObject({ code: 'KOPS_BATCH_CORRUPT' });
    expect(sink.position).toBe(0n);
  });

  it('gives a batch that begins before the position a segment of its own, of which it shows the rest', async () => {
    const { sink } = await openSink([createMemoryStore()], {
      plan: { resume: 3n, parent: parentPartition(3n) },
    });
    await sink.append(
      Buffer.concat([batchOf({ from: 0, count: 5 }), batchOf({ from: 5, count: 5 })]),
    );
    await sink.seal();
    expect(sink.entries.map(({ baseOffset, slice }) => [baseOffset, slice])).toEqual([
      [0n, { start: 3n, end: 10n }],
    ]);
  });

  it('begins another segment where the offsets of one would not fit in 31 bits', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    const far = 5_000_000_000;
    await sink.append(
      Buffer.concat([batchOf({ from: 0 }), batchOf({ from: far }), batchOf({ from: far + 1 })]),
    );
    await sink.seal();
    expect(sink.entries.map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset])).toEqual([
      [0n, 0n],
      [BigInt(far), BigInt(far + 1)],
    ]);
  });

  it('cuts back what a truncated log does not have any more', async () => {
    const store = createMemoryStore();
    const { sink } = await openSink([store], { segmentBytes: 400 });
    for (const batch of batchesFrom(0, 10)) await sink.append(batch);
    await sink.sync();
    await sink.lose(truncation(12n, 50n));
    expect([sink.position, sink.durable]).toEqual([12n, 12n]);
    expect(sink.entries.at(-1)?.slice.end).toBe(12n);
    const next = batchOf({ from: 12, count: 2 }, { partitionLeaderEpoch: 2 });
    await sink.append(next);
    await sink.seal();
    expect(sink.leaderEpochs).toEqual([
      { epoch: 1, startOffset: 0n },
      { epoch: 2, startOffset: 12n },
    ]);
    expect(sink.entries.map(({ slice }) => slice.end)).toEqual(
      [...sink.entries.keys()].map((at) => sink.entries[at]?.slice.end),
    );
    const named = sink.entries.map(({ key }) => key);
    // What no archive will name is known, to be removed.
    expect(sink.sealedKeys.length).toBeGreaterThan(named.length);
    expect(sink.sealedKeys).toEqual(expect.arrayContaining(named));
    expect((await keysIn(store, 'segments/')).objects.sort()).toEqual([...sink.sealedKeys].sort());
  });

  it('does not let a sync that is under way bring back a watermark that was truncated', async () => {
    const crash = new CrashStore();
    const { sink, reported } = await openSink([crash.store]);
    for (const batch of batchesFrom(0, 4)) await sink.append(batch);
    const slow = Promise.withResolvers<void>();
    crash.onWrite = (what) => (what === 'sync' ? slow.promise : undefined);
    const syncs = [sink.sync(), sink.sync()];
    const lost = sink.lose(truncation(7n, 20n));
    crash.onWrite = () => undefined;
    slow.resolve();
    await Promise.all([...syncs, lost]);
    expect([sink.position, sink.durable]).toEqual([7n, 7n]);
    await sink.append(batchOf({ from: 7 }));
    expect(sink.durable).toBe(7n);
    expect(reported.at(-1)).toBeLessThanOrEqual(20n);
  });

  it('keeps the farthest ends that were told, until the log is truncated', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    sink.noteEnds({ highWatermark: 300n, lastStableOffset: 250n });
    // A leader that was just elected lags.
    expect(sink.noteEnds({ highWatermark: 200n, lastStableOffset: 200n })).toEqual({
      highWatermark: 300n,
      lastStableOffset: 250n,
    });
    await sink.append(batchOf({ from: 0, count: 5 }));
    await sink.lose(truncation(3n, 5n));
    expect(sink.noteEnds({ highWatermark: 4n, lastStableOffset: 4n }).highWatermark).toBe(4n);
  });

  it('accepts nothing after a write has failed', async () => {
    const crash = new CrashStore();
    const { sink } = await openSink([crash.store]);
    await sink.append(batchOf({ from: 0 }));
    await sink.sync();
    crash.onWrite = (what) => {
      if (what === 'append') throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });
    };
    await expect(sink.append(batchOf({ from: 1 }))).rejects.toMatchObject({
      code: 'KOPS_NO_SPACE',
    });
    crash.onWrite = () => undefined;
    await expect(sink.append(batchOf({ from: 1 }))).rejects.toMatchObject({
      code: 'KOPS_NO_SPACE',
    });
    await expect(sink.seal()).rejects.toMatchObject({ code: 'KOPS_NO_SPACE' });
    expect([sink.position, sink.durable]).toEqual([1n, 1n]);
    await sink.suspend();
    const after = await recoverFrom(await crash.crash(0));
    expect(after.position).toBe(1n);
  });

  it('accepts nothing after its end, so that no part is begun that nobody would remove', async () => {
    const store = createMemoryStore();
    const { sink } = await openSink([store]);
    await sink.append(batchOf({ from: 0 }));
    await sink.discard();
    await expect(sink.append(batchOf({ from: 1 }))).rejects.toMatchObject({
      code: 'KOPS_INTERRUPTED',
    });
    expect(await keysIn(store, 'segments/')).toEqual({ objects: [], parts: [] });
  });
});

describe('recovery of a partition', () => {
  it('finds a segment that begins behind a hole', async () => {
    const crash = new CrashStore();
    const { sink } = await openSink([crash.store]);
    await sink.append(batchOf({ from: 3, count: 2 }));
    await sink.seal();
    await sink.skipTo(9n, 0n);
    await sink.append(batchOf({ from: 12, count: 2 }));
    await sink.sync();
    const after = await recoverFrom(await crash.crash(0));
    expect(after.position).toBe(14n);
  });

  it('takes up a segment that begins inside of a batch where its capture had begun', async () => {
    const crash = new CrashStore();
    const plan = { resume: 3n, snapshot: partitionSnapshot({ logStart: 3n }) };
    const { sink } = await openSink([crash.store], { plan });
    for (const batch of batchesFrom(0, 2)) await sink.append(batch);
    await sink.sync();
    const { store } = await crash.crash(0);
    const { sink: after, journal } = await openSink([store], { plan });
    const own = { capture: journal.capture, running: new Set<string>() };
    await recoverPartition(after, await findLeftovers(store, clusterId, own), [store], systemClock);
    await after.seal();
    expect(after.entries.map(({ slice }) => [slice.start, slice.end])).toEqual([[3n, 10n]]);
  });

  it('takes the longer of two parts: a successor that was killed while it recovered left a shorter one', async () => {
    const crash = new CrashStore();
    const first: SinkFixture = await openSink([crash.store]);
    for (const batch of batchesFrom(0, 6)) await first.sink.append(batch);
    await first.sink.sync();
    const second = await openSink([crash.store]);
    for (const batch of batchesFrom(0, 2)) await second.sink.append(batch);
    await second.sink.sync();
    const after = await recoverFrom(await crash.crash(0));
    expect(after.position).toBe(30n);
  });

  it('knows the transactions of segments that it adopts', async () => {
    const crash = new CrashStore();
    const { sink } = await openSink([crash.store]);
    const open = { producerId: 7n, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    await sink.append(batchOf({ from: 0 }, { ...open, producerId: 6n }));
    await sink.append(markerOf(1, 6n, 'commit'));
    await sink.append(batchOf({ from: 2 }, open));
    await sink.seal();
    const after = await recoverFrom(await crash.crash(0));
    expect(after.transactions.straddling(3n)).toMatchObject([{ producerId: 7n, firstOffset: 2n }]);
  });

  it('never has less than was acknowledged, whenever the power goes', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('append' as const),
          gap: fc.nat(2),
          count: fc.integer({ min: 1, max: 4 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('sync' as const) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('skip' as const),
          gap: fc.integer({ min: 1, max: 9 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('seal' as const) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('crash' as const),
          share: fc.double({ min: 0, max: 0.999, noNaN: true }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), after: fc.nat(5) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let crash = new CrashStore();
        let { sink } = await openSink([crash.store], { segmentBytes: 600 });
        // The log as the broker has it: what is acknowledged must be found as it is here.
        const log: { next: bigint; bytes: Uint8Array }[] = [];
        let end = 0;
        let acknowledged = 0n;
        const restart = async (share: number): Promise<void> => {
          acknowledged = sink.durable > acknowledged ? sink.durable : acknowledged;
          crash = await crash.crash(share);
          sink = await recoverFrom(crash, 600);
          // Holes hold nothing, so that only batches count.
          const needed = log.findLast(({ next }) => next <= acknowledged)?.next ?? 0n;
          expect(sink.position).toBeGreaterThanOrEqual(needed);
        };
        for (const action of [...steps, { do: 'crash', share: 0 } as const]) {
          try {
            if (action.do === 'append') {
              const known = log.find(({ next }) => next > sink.position);
              const batch =
                known?.bytes ?? batchOf({ from: end + action.gap, count: action.count });
              if (known === undefined) {
                end += action.gap + action.count;
                log.push({ next: BigInt(end), bytes: batch });
              }
              await sink.append(batch);
            } else if (action.do === 'skip' && !log.some(({ next }) => next > sink.position)) {
              // A hole stays one: no batch comes to offsets that were passed before a crash.
              end = Math.max(end, Number(sink.position) + action.gap);
              await sink.skipTo(BigInt(end), 0n);
            } else if (action.do === 'sync') await sink.sync();
            else if (action.do === 'seal') await sink.seal();
            else if (action.do === 'skip') continue;
            else if (action.do === 'crash') await restart(action.share);
            else {
              let left = action.after;
              crash.onWrite = () => {
                if (left-- <= 0) throw new Error('the machine is gone');
              };
            }
          } catch {
            crash.onWrite = () => undefined;
            await restart(0.5);
          }
        }
        crash.onWrite = () => undefined;
        const expected = Buffer.concat(
          log.filter(({ next }) => next <= sink.position).map(({ bytes }) => bytes),
        );
        expect((await bytesOf(sink, crash)).equals(expected)).toBe(true);
      }),
      {
        numRuns: 150,
        examples: [
          [
            [
              { do: 'skip', gap: 2 },
              { do: 'crash', share: 0 },
              { do: 'skip', gap: 1 },
              { do: 'append', gap: 0, count: 1 },
            ],
          ],
        ],
      },
    );
  });
});

describe('a loss that a dead capture has noticed', () => {
  const retention: Loss = { from: 10n, to: 30n, reason: 'retention', detail: 'overtaken' };
  const successor = async (
    store: ObjectStore,
    plan: Partial<PartitionPlan> = {},
  ): Promise<PartitionSink> => {
    const { sink, journal } = await openSink([store], { plan });
    const own = { capture: journal.capture, running: new Set<string>() };
    const leftovers = await findLeftovers(store, clusterId, own);
    await recoverPartition(sink, leftovers, [store], systemClock);
    return sink;
  };

  it('is known to the next one, with what came after it, and is told once', async () => {
    const store = createMemoryStore();
    const { sink } = await openSink([store]);
    for (const batch of batchesFrom(0, 2)) await sink.append(batch);
    await sink.lose(retention);
    for (const batch of batchesFrom(30, 2)) await sink.append(batch);
    await sink.seal();
    // The log begins behind the loss now; a second successor finds the journals of both.
    for (let kill = 0; kill < 2; kill++) {
      const next = await successor(store, { resume: 30n });
      expect(next.losses).toEqual([retention]);
      expect(next.position).toBe(40n);
    }
    // An archive tells of it already.
    const later = await successor(store, { resume: 30n, archivedLosses: [retention] });
    expect(later.losses).toEqual([]);
  });

  it('is not told of another life or partition', async () => {
    const store = createMemoryStore();
    const { sink } = await openSink([store]);
    await sink.lose({ ...retention, from: 0n });
    const snapshot = partitionSnapshot({ partition: 1 });
    expect((await successor(store, { snapshot })).losses).toEqual([]);
    const topic = topicSnapshot({ topicId: 'f'.repeat(32) });
    expect((await successor(store, { topic })).losses).toEqual([]);
  });

  it('cuts off what a truncation took away, also from what older captures sealed', async () => {
    const store = createMemoryStore();
    const { sink: first } = await openSink([store], { segmentBytes: 1 });
    for (const batch of batchesFrom(0, 4)) await first.append(batch);
    const second = await successor(store);
    expect(second.position).toBe(20n);
    await second.lose(truncation(7n, 20n));
    await second.append(batchOf({ from: 7, count: 5 }, { partitionLeaderEpoch: 2 }));
    await second.seal();
    const third = await successor(store);
    expect(third.position).toBe(12n);
    expect(third.losses).toEqual([truncation(7n, 20n)]);
    expect(third.entries.map(({ slice }) => [slice.start, slice.end])).toEqual([
      [0n, 5n],
      [5n, 7n],
      [7n, 12n],
    ]);
    expect(third.lastEpoch).toBe(2);
  });
});

describe('leftovers of a compacted topic', () => {
  it.each([
    { nowMs: 999, taken: 10n },
    { nowMs: 1000, taken: 0n },
  ])('count from the start of the oldest capture: $taken at $nowMs', async ({ nowMs, taken }) => {
    const store = createMemoryStore();
    const owner = await thisProcess();
    const begin = (capture: string, startedAtMs: number): Promise<CaptureJournal> =>
      CaptureJournal.begin([store], { capture, cluster: clusterId, startedAtMs, owner });
    const { sink: read } = await openSink([store], {}, await begin('first', 0));
    for (const batch of batchesFrom(0, 2)) await read.append(batch);
    await read.seal();
    // A younger one has taken over what the first had read.
    const young = await begin('second', 900);
    for (const entry of read.entries)
      await young.record({ ...read.identity, from: 0n, to: 10n, entry });
    const topic = topicSnapshot({
      configs: configs({ 'cleanup.policy': 'compact', 'delete.retention.ms': '1000' }),
    });
    const { sink } = await openSink([store], { plan: { topic } }, await begin('own', nowMs));
    const own = { capture: 'own', running: new Set<string>() };
    const leftovers = await findLeftovers(store, clusterId, own);
    const clock = { ...systemClock, now: () => nowMs };
    await recoverPartition(sink, leftovers, [store], clock);
    expect(sink.position).toBe(taken);
  });
});

describe('a log start that passes what is archived', () => {
  const held = { archive: '20260131t235959z-aaaaaaaa', end: 10n };
  const passed = (from: bigint, to: bigint): object => ({ from, to, reason: 'retention' });

  it('is a loss from the start of a baseline on, also when it moves on before anything was read', async () => {
    const { sink } = await openSink([createMemoryStore()], {
      plan: { snapshot: partitionSnapshot({ logStart: 30n }), resume: 30n, held },
    });
    expect(sink.told.losses).toMatchObject([passed(10n, 30n)]);
    await sink.skipTo(40n, 40n);
    expect(sink.told.losses).toMatchObject([passed(10n, 40n)]);
    expect(sink.passed?.detail).toContain(held.archive);
    sink.losses.push({ from: 10n, to: 20n, reason: 'retention', detail: 'noted before a kill' });
    expect(sink.told.losses).toMatchObject([passed(10n, 40n)]);
  });

  it('is told by one archive', async () => {
    const { sink } = await openSink([createMemoryStore()], {
      plan: { snapshot: partitionSnapshot({ logStart: 30n }), resume: 30n, held },
    });
    sink.archived(30n, '20260131t235959z-bbbbbbbb');
    expect(sink.told.losses).toEqual([]);
  });

  it('is a loss after a generation that showed nothing', async () => {
    const { sink } = await openSink([createMemoryStore()], {
      plan: { snapshot: partitionSnapshot({ logStart: 0n }), resume: 0n },
    });
    await sink.skipTo(5n, 5n);
    expect(sink.told.losses).toEqual([]);
    sink.archived(5n, '20260131t235959z-bbbbbbbb');
    await passTo(sink, 20n);
    expect(sink.told.losses).toMatchObject([passed(5n, 20n)]);
    expect(sink.position).toBe(20n);
  });

  it('is a loss at the end of a follow, where no stream can tell it any more', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    await sink.append(batchOf({ from: 0, count: 5 }));
    await passTo(sink, 5n);
    expect(sink.told.losses).toEqual([]);
    await passTo(sink, 20n);
    expect(sink.told.losses).toMatchObject([passed(5n, 20n)]);
  });

  it('is no loss where it is expected, but recorded', async () => {
    const { sink } = await openSink([createMemoryStore()], {
      plan: {
        snapshot: partitionSnapshot({ logStart: 30n }),
        resume: 30n,
        held,
        purges: [{ from: 1n, to: 2n, detail: 'before' }],
      },
      expectsPurge: true,
    });
    sink.losses.push({ from: 40n, to: 50n, reason: 'truncation', detail: '' });
    expect(sink.told.losses).toMatchObject([{ from: 40n, reason: 'truncation' }]);
    expect(sink.told.purges).toMatchObject([
      { from: 1n, to: 2n },
      { from: 10n, to: 30n },
    ]);
  });
});
