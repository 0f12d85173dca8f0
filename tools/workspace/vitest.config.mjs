import { mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

// The linter needs some seconds for its first file.
export default mergeConfig(base, {
  test: { outputFile: { json: 'test-results/unit.json' }, testTimeout: 120_000 },
});
