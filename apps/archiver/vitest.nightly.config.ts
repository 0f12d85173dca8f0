import { defineConfig, mergeConfig } from 'vitest/config';
import { shared } from '../../vitest.base.ts';

/** What takes too long for every change. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/**/*.nightly.test.ts'],
      testTimeout: 600_000,
      hookTimeout: 180_000,
      fileParallelism: false,
      outputFile: { json: 'test-results/nightly.json' },
    },
  }),
);
