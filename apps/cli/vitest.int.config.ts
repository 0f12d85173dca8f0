import { mergeConfig } from 'vitest/config';
import base from '../../vitest.int.base.ts';

/** What is tested is the program as people run it, so it is built first. */
export default mergeConfig(base, {
  test: { globalSetup: ['test/build.ts'], disableConsoleIntercept: true },
});
