import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Nx plugin: a project with `vitest.int.config.ts` has the target `integration`, one with `vitest.nightly.config.ts`
 * the target `nightly`. `@nx/vitest` infers only `test`, from `vitest.config.ts`.
 */

/** What each config file becomes; both suites need real brokers, so neither result may come from a cache. */
const SUITES = new Map([
  ['vitest.int.config.ts', 'integration'],
  ['vitest.nightly.config.ts', 'nightly'],
]);

function suiteTarget(configName) {
  return {
    command: `vitest run --config ${configName}`,
    options: { cwd: '{projectRoot}' },
    cache: false,
    parallelism: false,
    dependsOn: ['generate', '^generate', '^build'],
    metadata: {
      description: `Tests of ${configName}, one project at a time`,
      technologies: ['vitest'],
    },
  };
}

function inferTarget(configFile, workspaceRoot) {
  const root = dirname(configFile);
  if (!existsSync(join(workspaceRoot, root, 'package.json'))) return {};
  const configName = configFile.slice(root.length + 1);
  return {
    projects: { [root]: { targets: { [SUITES.get(configName)]: suiteTarget(configName) } } },
  };
}

export const name = 'nx-vitest-suites';

export const createNodesV2 = [
  '**/vitest.{int,nightly}.config.ts',
  (configFiles, _options, { workspaceRoot }) =>
    configFiles.map((configFile) => [configFile, inferTarget(configFile, workspaceRoot)]),
];
