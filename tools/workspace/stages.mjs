import { availableParallelism } from 'node:os';

/** Arguments of `nx run-many` for a target of all projects that have it. */
export function nxArgs(target, parallel = Math.max(1, availableParallelism())) {
  return ['run-many', '-t', target, `--parallel=${parallel}`, '--outputStyle=static'];
}

/**
 * What `npm test` runs after the build, in order. A stage with `suite` counts by its tests' reports
 * (`test-results/<suite>.json`), every other stage counts as one.
 */
const STAGES = [
  // One process for all projects: a type-aware linter per project loads the same types twenty times over.
  { group: 'lint', name: 'eslint', command: 'eslint', args: ['.'] },
  { group: 'lint', name: 'buf lint', command: 'nx', args: nxArgs('lint-proto') },
  {
    group: 'lint',
    name: 'prettier',
    command: 'prettier',
    args: ['--check', '--log-level=warn', '.'],
  },
  { group: 'lint', name: 'knip', command: 'knip', args: ['--no-config-hints'] },
  { group: 'typecheck', name: 'typecheck', command: 'nx', args: nxArgs('typecheck') },
  { group: 'unit', name: 'unit tests', command: 'nx', args: nxArgs('test'), suite: 'unit' },
  // One broker at a time: two would share the cores and the time limits.
  {
    group: 'integration',
    name: 'integration tests',
    command: 'nx',
    args: nxArgs('integration', 1),
    suite: 'int',
  },
];

/**
 * @param {string | undefined} only comma-separated groups (`lint`, `typecheck`, `unit`, `integration`); all when absent
 */
export function testStages(only) {
  if (!only) return STAGES;
  const wanted = only.split(',').map((group) => group.trim());
  const unknown = wanted.filter((group) => !STAGES.some((stage) => stage.group === group));
  if (unknown.length > 0) {
    console.error(
      `Error: KOPS_TEST_ONLY knows lint, typecheck, unit, integration; not ${unknown.join(', ')}`,
    );
    process.exit(2);
  }
  return STAGES.filter((stage) => wanted.includes(stage.group));
}
