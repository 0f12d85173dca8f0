import { describe, expect, it } from 'vitest';
import { capture, read } from '../test/captured.ts';

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
