import { mergeConfig } from 'vitest/config';
import base from '../../vitest.int.base.ts';

/** What takes too long for every change. */
const nightly = mergeConfig(base, {
  test: { testTimeout: 600_000, outputFile: { json: 'test-results/nightly.json' } },
});
nightly.test = { ...nightly.test, include: ['test/**/*.nightly.test.ts'] };
export default nightly;
