import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';

/** What unit and integration tests have in common: packages resolve to each other's sources, so no build is needed. */
export const shared = defineConfig({
  resolve: { conditions: ['@kops/source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['@kops/source', 'node', 'import', 'default'] } },
  test: {
    environment: 'node',
    passWithNoTests: true,
    reporters: ['default', 'json'],
    retry: 0,
    testTimeout: 20_000,
    // Nx sets it for its tasks; what a program prints is compared without colours.
    env: { FORCE_COLOR: '0' },
  },
});

/** Unit tests. Tests on real brokers have a configuration of their own: vitest.int.base.ts. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      exclude: [
        ...configDefaults.exclude,
        '**/dist/**',
        '**/*.int.test.ts',
        '**/*.nightly.test.ts',
      ],
    },
  }),
);
