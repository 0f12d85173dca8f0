import { describe, expect, it } from 'vitest';
import { capture, captureAgain, read } from '../test/captured.ts';
import { CrashStore } from '../test/crash-store.ts';
import { partitionPlan } from '../test/fixture.ts';
import { noLeftovers } from './recovery.ts';

describe('a partition whose topic is gone', () => {
  it('ends once, with what is known to have been there as a loss', async () => {
    const { partitions, partition, notices } = await capture({}, true);
    await read(partition, 0, 4);
    await Promise.all([
      partitions.end(partition, 'topic-deleted'),
      partitions.end(partition, 'topic-deleted'),
    ]);
    expect(partition.done && partitions.hasEnded(partition)).toBe(true);
    // Its high watermark was 100 when the backup was planned.
    expect(partition.sink.losses).toMatchObject([{ from: 20n, to: 100n, reason: 'topic-deleted' }]);
    expect(notices.map(({ kind }) => kind)).toEqual(['topic-deleted', 'loss']);
    partitions.forget(partition);
    expect(partitions.sinks()).toEqual([]);
    expect(partitions.allSinks()).toEqual([partition.sink]);
  });
});

describe('an archived watermark', () => {
  const at = { topic: 'orders', partition: 0 };

  it('can be asked for from the first moment on, before anything is recovered', async () => {
    const partitions = await captureAgain(new CrashStore().store, noLeftovers);
    expect(partitions.watermark(at)).toBeUndefined();
    const plan = partitionPlan({ resume: 15n });
    partitions.expect([plan]);
    expect(partitions.watermark(at)).toBe(15n);
    expect(partitions.sinks()).toEqual([]);
    await partitions.add([plan]);
    const [partition] = partitions.assignments.partitions;
    if (partition === undefined) throw new Error('nothing was added');
    await read(partition, 15, 2);
    expect(partitions.watermark(at)).toBe(25n);
    expect(partitions.watermark({ ...at, partition: 1 })).toBeUndefined();
  });

  it('does not go back when the topic has ended; another life has its own', async () => {
    const { partitions, partition } = await capture({ resume: 0n }, true);
    await read(partition, 0, 4);
    await partitions.end(partition, 'topic-recreated');
    const end = partitions.watermark(at);
    expect(end).toBe(100n);
    partitions.forget(partition);
    expect(partitions.watermark(at)).toBe(end);
    await partitions.add([partitionPlan({ resume: 3n })]);
    expect(partitions.watermark(at)).toBe(3n);
    // What was left of a life before is not asked for.
    await partitions.takeOver([partitionPlan({ resume: 7n, gone: 'topic-recreated' })]);
    expect(partitions.watermark(at)).toBe(3n);
  });
});
