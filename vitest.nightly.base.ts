import { defineConfig, mergeConfig } from 'vitest/config';
import { shared } from './vitest.base.ts';
import { brokerTests } from './vitest.brokers.base.ts';

/** What takes too long for every change; on real brokers, one file after the other. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      ...brokerTests(),
      include: ['test/**/*.nightly.test.ts', 'src/**/*.nightly.test.ts'],
      testTimeout: 600_000,
      hookTimeout: 180_000,
      fileParallelism: false,
      outputFile: { json: 'test-results/nightly.json' },
    },
  }),
);
