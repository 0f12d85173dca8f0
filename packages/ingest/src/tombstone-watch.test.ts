import { KopsError } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import { beforeEach, describe, expect, it } from 'vitest';
import { capture, read, type Captured } from '../test/captured.ts';
import { configs, parentPartition, topicSnapshot } from '../test/fixture.ts';
import { TombstoneWatch, type SeenEnds } from './tombstone-watch.ts';

const compacted = topicSnapshot({
  configs: configs({ 'cleanup.policy': 'compact', 'delete.retention.ms': '1000' }),
});

let now: number;
beforeEach(() => {
  now = 0;
});

const watch = ({ partitions, partition, notices }: Captured): TombstoneWatch =>
  new TombstoneWatch(partitions, {
    follow: partition.endOffset < 0n,
    now: () => now,
    onNotice: (kind, text) =>
      void (notices as { kind: string; text: string }[]).push({ kind, text }),
  });

/** The log's end, as if asked for now. */
const endAt = ({ partition: { sink } }: Captured, limit: bigint): SeenEnds => ({
  takenAtMs: now,
  limits: new Map([[sink, limit]]),
  topics: [],
});

describe('a baseline of a compacted topic', () => {
  it.each([
    { tookMs: 999, topic: compacted, losses: [] },
    {
      tookMs: 1000,
      topic: compacted,
      losses: [{ from: 100n, to: 100n, reason: 'tombstones-may-be-gone' }],
    },
    { tookMs: 5000, topic: topicSnapshot(), losses: [] },
  ])('that was read in $tookMs ms', async ({ tookMs, topic, losses }) => {
    const captured = await capture({ topic, cut: 100n }, false);
    const { partition } = captured;
    partition.readSinceMs = 50;
    await read(partition, 0, 20);
    partition.done = true;
    partition.readUntilMs = 50 + tookMs;
    // Others of the backup may take much longer.
    now = 1_000_000;
    watch(captured).check(endAt(captured, 100n));
    expect(partition.sink.losses).toMatchObject(losses);
    expect(captured.notices.map(({ kind }) => kind)).toEqual(losses.map(({ reason }) => reason));
  });

  it('of which nothing was read has nothing to bring back', async () => {
    const captured = await capture({ topic: compacted, cut: 0n }, false);
    const { partition } = captured;
    now = 1_000_000;
    watch(captured).check(endAt(captured, 0n));
    expect(partition.sink.losses).toEqual([]);
  });
});

describe('a follow of a compacted topic', () => {
  it('may go on for longer than a tombstone lives, as long as it keeps up', async () => {
    const captured = await capture({ topic: compacted }, true);
    const { partition } = captured;
    partition.readSinceMs = 0;
    for (let round = 0; round < 10; round++) {
      now += 900;
      await read(partition, round * 5, 1);
      watch(captured).check(endAt(captured, BigInt(round * 5 + 5)));
    }
    expect(partition.sink.losses).toEqual([]);
    // Nothing comes for an hour: nothing was to be missed.
    now += 3_600_000;
    watch(captured).check(endAt(captured, 50n));
    now += 500;
    await read(partition, 50, 1);
    watch(captured).check(endAt(captured, 55n));
    expect(partition.sink.losses).toEqual([]);
  });

  it('tells, once, when it was behind for longer', async () => {
    const captured = await capture({ topic: compacted }, true);
    const { partition } = captured;
    partition.readSinceMs = 0;
    now = 600;
    await read(partition, 0, 2);
    watch(captured).check(endAt(captured, 100n));
    expect(partition.sink.losses).toEqual([]);
    for (now = 1200; now < 3000; now += 600) {
      watch(captured).check(endAt(captured, 100n));
    }
    expect(partition.sink.losses).toMatchObject([
      { from: 10n, to: 10n, reason: 'tombstones-may-be-gone' },
    ]);
    expect(captured.notices).toHaveLength(1);
  });

  it('counts from the start of the archive that it extends', async () => {
    const parent = parentPartition(10n, { startedAt: new Date(0).toISOString() });
    const plan = { topic: compacted, mode: 'extend', parent, resume: 10n } as const;
    const captured = await capture(plan, true);
    const { partition } = captured;
    now = 900;
    watch(captured).check(endAt(captured, 15n));
    expect(partition.sink.losses).toEqual([]);
    await read(partition, 10, 1);
    now = 1100;
    watch(captured).check(endAt(captured, 15n));
    expect(partition.sink.losses).toHaveLength(1);
  });
});

describe('between generations', () => {
  const kafka = (ends: () => Promise<bigint[]>): KafkaClient =>
    ({ listOffsets: ends }) as unknown as KafkaClient;

  it('the ends are asked for of compacted topics only', async () => {
    const plain = await capture({}, true);
    const unasked = kafka(() => Promise.reject(new Error('it was asked')));
    await watch(plain).look(unasked, 'read_committed');
    const captured = await capture({ topic: compacted }, true);
    const { partition } = captured;
    partition.readSinceMs = 0;
    const tombstones = watch(captured);
    for (let round = 1; round <= 5; round++) {
      now = round * 900;
      await read(partition, round * 5 - 5, 1);
      await tombstones.look(
        kafka(() => Promise.resolve([BigInt(round * 5)])),
        'read_committed',
      );
    }
    tombstones.check(endAt(captured, 25n));
    expect(partition.sink.losses).toEqual([]);
    expect(partition.readSinceMs).toBe(4500);
  });

  it('a topic that has just gone is left to the look at the topics', async () => {
    const captured = await capture({ topic: compacted }, true);
    const gone = kafka(() => Promise.reject(new KopsError('KOPS_TOPIC_NOT_FOUND', 'gone')));
    await watch(captured).look(gone, 'read_committed');
    const down = kafka(() => Promise.reject(new KopsError('KOPS_KAFKA_UNREACHABLE', 'down')));
    await expect(watch(captured).look(down, 'read_committed')).rejects.toMatchObject({
      code: 'KOPS_KAFKA_UNREACHABLE',
    });
  });
});
