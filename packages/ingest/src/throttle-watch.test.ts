import { expect, it } from 'vitest';
import { ThrottleWatch } from './throttle-watch.ts';

it('reports a quota at once, and again only after a minute', () => {
  let now = 5_000;
  const told: string[] = [];
  const watch = new ThrottleWatch({ monotonic: () => now }, (text) => told.push(text));
  const throttled = { broker: 'kafka-1:9092', throttleMs: 1_234 };
  watch.add(throttled);
  watch.add(throttled);
  now += 59_999;
  watch.add(throttled);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('broker kafka-1:9092 delays reads by 1.2 s');
  now += 1;
  watch.add(throttled);
  expect(told).toHaveLength(2);
});
