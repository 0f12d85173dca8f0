import type { RestorePlan } from '@kops/restore';
import { expect, it } from 'vitest';
import { describeHeldRetention } from '../src/render/held-retention.ts';

const topic = (target: string, heldConfigs: Record<string, string | null>) => ({
  target,
  heldConfigs,
});

it('says how --hold-retention is undone, in a command to paste for each topic', () => {
  const topics = [
    topic('a', { 'retention.ms': '1000', 'retention.bytes': null }),
    topic('b', { 'retention.ms': null, 'retention.bytes': null }),
  ];
  const plan = { holdRetention: true, topics } as unknown as RestorePlan;
  const alter = 'kafka-configs.sh --bootstrap-server new:9092 --alter --entity-type topics';
  expect(describeHeldRetention(plan, 'new:9092').slice(1, 3)).toEqual([
    `${alter} --entity-name a --add-config retention.ms=1000 --delete-config retention.bytes`,
    `${alter} --entity-name b --delete-config retention.ms,retention.bytes`,
  ]);
  expect(describeHeldRetention({ ...plan, holdRetention: false }, 'new:9092')).toEqual([]);
});
