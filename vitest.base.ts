import { defineConfig } from 'vitest/config';

/** Shared vitest settings: packages resolve to each other's sources, so no build is needed to test. */
export default defineConfig({
  resolve: { conditions: ['@kops/source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['@kops/source', 'node', 'import', 'default'] } },
  test: {
    environment: 'node',
    passWithNoTests: true,
    reporters: ['default', 'json'],
    retry: 0,
    testTimeout: 20_000,
  },
});
