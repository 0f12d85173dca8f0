import { describe, expect, it } from 'vitest';
import type { PlannedPartition } from '@kops/transport';
import { describeReasons } from './describe-reasons.ts';

const planned = (partition: number, reason: string): PlannedPartition => ({
  topic: 'orders',
  partition,
  logStart: 0n,
  resumeOffset: 0n,
  cut: 1n,
  mode: reason === '' ? 'extend' : 'baseline',
  reason,
});

describe('describeReasons', () => {
  it('says once for each reason why partitions are captured from the log start', () => {
    const partitions = [
      ...[0, 1, 2, 3, 4].map((partition) => planned(partition, 'no-earlier-archive: none')),
      planned(5, 'log-start-passed: it starts at 3'),
      planned(6, ''),
    ];
    expect(describeReasons(partitions)).toEqual([
      'orders-0, orders-1, orders-2 and 2 more from the log start: no-earlier-archive: none',
      'orders-5 from the log start: log-start-passed: it starts at 3',
    ]);
    expect(describeReasons([planned(0, '')])).toEqual([]);
  });
});
