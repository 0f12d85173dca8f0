import { defineConfig, mergeConfig } from 'vitest/config';
import { shared } from './vitest.base.ts';
import { brokerTests } from './vitest.brokers.base.ts';

/** Integration tests on real brokers, one file at a time. Not based on vitest.base.ts, whose excludes would merge. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      ...brokerTests(),
      include: ['test/**/*.int.test.ts', 'src/**/*.int.test.ts'],
      exclude: ['**/node_modules/**', '**/dist/**'],
      testTimeout: 180_000,
      hookTimeout: 180_000,
      fileParallelism: false,
      outputFile: { json: 'test-results/int.json' },
    },
  }),
);
