import { systemClock } from '@kops/core';
import { readSegmentBatches } from '@kops/repository';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesFrom, batchOf, markerOf } from '../test/batches.ts';
import { CrashStore } from '../test/crash-store.ts';
import {
  beginJournal,
  clusterId,
  openSink,
  parentPartition,
  partitionPlan,
  partitionSnapshot,
} from '../test/fixture.ts';
import type { CaptureJournal } from './capture-journal.ts';
import { planPassed } from './passed-leftovers.ts';
import type { ParentPartition, PartitionPlan } from './plan-backup.ts';
import type { PartitionSink } from './partition-sink.ts';
import { recoverPartition } from './recover-partition.ts';
import { findLeftovers, type Leftovers } from './recovery.ts';

const leftoversFor = ({ store }: CrashStore, { capture }: CaptureJournal): Promise<Leftovers> =>
  findLeftovers(store, clusterId, { capture, running: new Set() });

/** A partition of which nobody can read anything below an offset. */
const passed = (readableFrom: bigint, resume = 0n): Partial<PartitionPlan> => ({
  resume,
  snapshot: partitionSnapshot({
    logStart: resume,
    highWatermark: resume,
    lastStableOffset: resume,
  }),
  gone: 'log-start-passed',
  readableFrom,
});

async function takeAllOf(crash: CrashStore, plan: Partial<PartitionPlan>): Promise<PartitionSink> {
  const { sink, journal } = await openSink([crash.store], { plan });
  await recoverPartition(sink, await leftoversFor(crash, journal), [crash.store], systemClock);
  return sink;
}

/** A capture that begins at an offset, reads and dies. */
async function die(
  { store }: CrashStore,
  from: number,
  batches: readonly Uint8Array[],
  { sealed = true }: { readonly sealed?: boolean } = {},
): Promise<void> {
  const plan = { resume: BigInt(from), snapshot: partitionSnapshot({ logStart: BigInt(from) }) };
  const { sink } = await openSink([store], { plan, segmentBytes: sealed ? 1 : 2 ** 20 });
  for (const batch of batches) await sink.append(batch);
  await sink.suspend();
}

const slices = ({ entries }: PartitionSink): bigint[][] =>
  entries.map(({ slice }) => [slice.start, slice.end]);

describe('all that dead captures left of a partition', () => {
  it('is put together where their runs overlap', async () => {
    const crash = new CrashStore();
    await die(crash, 0, batchesFrom(0, 2, 10));
    await die(crash, 15, batchesFrom(10, 3, 10));
    const sink = await takeAllOf(crash, passed(90n));
    expect(slices(sink)).toEqual([
      [0n, 10n],
      [10n, 20n],
      [20n, 30n],
      [30n, 40n],
    ]);
    expect([sink.durable, sink.losses]).toEqual([40n, []]);
  });

  it('is cut where a segment begins before what is asked for, and keeps the leader epochs', async () => {
    const crash = new CrashStore();
    const second = { partitionLeaderEpoch: 2 };
    await die(crash, 0, [
      batchOf({ from: 0, count: 10 }),
      batchOf({ from: 10, count: 10 }, second),
    ]);
    await die(crash, 5, [
      batchOf({ from: 0, count: 10 }),
      batchOf({ from: 10, count: 10 }, second),
      batchOf({ from: 20, count: 10 }, second),
    ]);
    const sink = await takeAllOf(crash, passed(90n, 12n));
    expect(slices(sink)).toEqual([
      [12n, 20n],
      [20n, 30n],
    ]);
    expect(sink.leaderEpochs).toEqual([{ epoch: 2, startOffset: 10n }]);
    const whole = await takeAllOf(crash, passed(90n));
    expect(whole.leaderEpochs).toEqual([
      { epoch: 1, startOffset: 0n },
      { epoch: 2, startOffset: 10n },
    ]);
  });

  it('goes on behind an open segment', async () => {
    const crash = new CrashStore();
    await die(crash, 0, batchesFrom(0, 2, 10), { sealed: false });
    await die(crash, 13, batchesFrom(10, 3, 10));
    const sink = await takeAllOf(crash, passed(90n));
    expect(slices(sink)).toEqual([
      [0n, 20n],
      [20n, 30n],
      [30n, 40n],
    ]);
  });

  it('tells what lies between two runs as lost, unless it can be read again', async () => {
    const left = async (): Promise<CrashStore> => {
      const crash = new CrashStore();
      await die(crash, 0, batchesFrom(0, 1, 10));
      await die(crash, 30, batchesFrom(30, 1, 10));
      return crash;
    };
    const sink = await takeAllOf(await left(), passed(90n));
    expect(sink.losses).toMatchObject([{ from: 10n, to: 30n, reason: 'retention' }]);
    expect([sink.durable, slices(sink)]).toEqual([
      40n,
      [
        [0n, 10n],
        [30n, 40n],
      ],
    ]);
    const near = await takeAllOf(await left(), passed(30n));
    expect([near.durable, near.losses]).toEqual([10n, []]);
  });

  it('is no more than there is', async () => {
    const crash = new CrashStore();
    await die(crash, 0, batchesFrom(0, 2, 10));
    const sink = await takeAllOf(crash, passed(90n, 20n));
    expect([sink.durable, sink.bytes]).toEqual([20n, 0]);
  });

  it('knows which transactions are open, also where it begins inside of a segment', async () => {
    const crash = new CrashStore();
    const open = { producerId: 7n, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    const { sink } = await openSink([crash.store]);
    await sink.append(batchOf({ from: 0 }, open));
    await sink.append(markerOf(1, 7n, 'commit'));
    await sink.append(batchOf({ from: 2 }, open));
    await sink.seal();
    const taken = await takeAllOf(crash, passed(90n, 1n));
    expect(taken.transactions.straddling(3n)).toMatchObject([{ producerId: 7n, firstOffset: 2n }]);
  });
});

/** Captures of one partition whose log start moves on, each killed: what archives show of it, and what was acknowledged. */
class Partition {
  readonly #batches: Uint8Array[] = [];
  #crash = new CrashStore();
  #end = 0;
  #logStart = 0n;
  #archived: ParentPartition | undefined;
  /** Offsets that archives show, and that were acknowledged. */
  readonly #shown = new Set<bigint>();
  readonly #acknowledged = new Set<bigint>();

  async round({ grows, moves, reads, fails, share, commits }: Round): Promise<void> {
    for (const count of grows) {
      this.#batches.push(batchOf({ from: this.#end, count }));
      this.#end += count;
    }
    const moved = this.#logStart + BigInt(moves);
    this.#logStart = moved > BigInt(this.#end) ? BigInt(this.#end) : moved;
    const journal = await beginJournal([this.#crash.store]);
    let left = fails;
    this.#crash.onWrite = () => {
      if (left-- <= 0) throw new Error('the machine is gone');
    };
    try {
      await this.#capture(journal, reads, commits);
    } catch (error) {
      if (left >= 0) throw error;
    }
    this.#crash.onWrite = () => undefined;
    this.#crash = await this.#crash.crash(share);
  }

  async #capture(journal: CaptureJournal, reads: number, commits: boolean): Promise<void> {
    const leftovers = await leftoversFor(this.#crash, journal);
    const plan = this.#plan();
    const [late] = planPassed([plan], leftovers, { of: () => this.#archived });
    if (late !== undefined) await this.#archive(await this.#recover(late, leftovers, journal));
    this.expectNothingLost();
    const main = await this.#recover(plan, leftovers, journal);
    try {
      for (let batch = 0; batch < reads; batch++) await this.#readOne(main);
      await main.sync();
    } finally {
      for (let at = plan.resume; at < main.durable; at++) this.#acknowledged.add(at);
    }
    if (commits) await this.#archive(main);
  }

  expectNothingLost(): void {
    const lost = [...this.#acknowledged].filter(
      (offset) => offset < this.#logStart && !this.#shown.has(offset),
    );
    expect(lost).toEqual([]);
  }

  /** As `planBackup` would. */
  #plan(): PartitionPlan {
    const parent = this.#archived;
    const snapshot = partitionSnapshot({ logStart: this.#logStart });
    return parent === undefined || parent.partition.cut < this.#logStart
      ? partitionPlan({ snapshot, resume: this.#logStart })
      : partitionPlan({ snapshot, mode: 'extend', parent, resume: parent.partition.cut });
  }

  async #recover(
    plan: PartitionPlan,
    leftovers: Leftovers,
    journal: CaptureJournal,
  ): Promise<PartitionSink> {
    const { store } = this.#crash;
    const { sink } = await openSink([store], { plan, segmentBytes: 500 }, journal);
    await recoverPartition(sink, leftovers, [store], systemClock);
    return sink;
  }

  async #readOne(sink: PartitionSink): Promise<void> {
    const next = this.#next(sink.position);
    if (next !== undefined) await sink.append(next);
  }

  #next(position: bigint): Uint8Array | undefined {
    return this.#batches.find((batch) => endOf(batch) > position);
  }

  /** Commits what a sink has, after a look at every byte of it. */
  async #archive(sink: PartitionSink): Promise<void> {
    await sink.seal();
    const { plan, entries } = sink;
    if (entries.length === 0) return;
    let at = plan.parent === undefined ? sink.logStart : plan.resume;
    for (const { key, slice } of entries) {
      // Nothing twice, nothing left out but what is told: this log has no holes.
      const loss = sink.losses.find(({ from }) => from === at);
      expect(slice.start).toBe(slice.start === at ? at : loss?.to);
      at = slice.end;
      for await (const { batch } of readSegmentBatches(this.#crash.store, { key })) {
        const written = this.#next(batch.baseOffset);
        expect(Buffer.from(batch.bytes).equals(Buffer.from(written ?? []))).toBe(true);
      }
      for (let offset = slice.start; offset < slice.end; offset++) this.#shown.add(offset);
    }
    expect(at).toBe(sink.sealedEnd);
    this.#archived = parentPartition(at, { logStart: sink.logStart });
  }
}

const endOf = (batch: Uint8Array): bigint => {
  const view = new DataView(batch.buffer, batch.byteOffset);
  return view.getBigInt64(0) + BigInt(view.getInt32(23)) + 1n;
};

interface Round {
  readonly grows: readonly number[];
  readonly moves: number;
  readonly reads: number;
  /** The machine is gone after so many writes. */
  readonly fails: number;
  readonly share: number;
  readonly commits: boolean;
}

describe('whatever was acknowledged', () => {
  it('is in an archive once its log start has moved on, however often captures are killed', async () => {
    const round = fc.record({
      grows: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 }),
      moves: fc.oneof(fc.constant(0), fc.nat(12)),
      reads: fc.nat(8),
      fails: fc.oneof(fc.constant(1000), fc.nat(25)),
      share: fc.double({ min: 0, max: 0.999, noNaN: true }),
      commits: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 2, maxLength: 7 }), async (rounds) => {
        const partition = new Partition();
        const quiet = { grows: [], reads: 0, fails: 1000, share: 0, commits: false };
        for (const one of rounds) await partition.round(one);
        // One that is not killed, after all that was read has gone.
        await partition.round({ ...quiet, moves: 1000 });
        partition.expectNothingLost();
      }),
      { numRuns: 150 },
    );
  });
});
