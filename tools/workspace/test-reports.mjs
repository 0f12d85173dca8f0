import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root } from './node-runtime.mjs';

/** vitest configuration that a suite needs, and the tests that are its own. */
const SUITES = {
  unit: {
    config: 'vitest.config.ts',
    owns: (file) => /(?<!\.int|\.nightly)\.test\.(ts|mjs)$/.test(file),
  },
  int: { config: 'vitest.int.config.ts', owns: (file) => /\.int\.test\.ts$/.test(file) },
  nightly: {
    config: 'vitest.nightly.config.ts',
    owns: (file) => /\.nightly\.test\.ts$/.test(file),
  },
};

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'out-tsc', 'test-results']);

/** Deletes the reports of earlier runs, so that an old one cannot stand in for a suite that did not run. */
export function clearReports() {
  for (const project of projectFolders())
    rmSync(join(root, project, 'test-results'), { recursive: true, force: true });
}

/** Reads a suite's reports: one row per project that has such tests, whether or not it reported. */
export function readSuite(suite) {
  return projectFolders()
    .filter((project) => hasSuite(project, suite))
    .map((project) => readReport(project, suite));
}

function projectFolders() {
  const parents = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).workspaces;
  return parents
    .flatMap((pattern) => (pattern.endsWith('/*') ? subfolders(pattern.slice(0, -2)) : [pattern]))
    .filter((project) => existsSync(join(root, project, 'package.json')))
    .sort();
}

function subfolders(parent) {
  if (!existsSync(join(root, parent))) return [];
  return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
}

function hasSuite(project, suite) {
  const { config, owns } = SUITES[suite];
  const hasTests = () => testFiles(join(root, project)).some(owns);
  return (suite !== 'unit' && existsSync(join(root, project, config))) || hasTests();
}

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isFile()) return [entry.name];
    const isSource = entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name);
    return isSource ? testFiles(join(folder, entry.name)) : [];
  });
}

function readReport(project, suite) {
  const file = join(root, project, 'test-results', `${suite}.json`);
  if (!existsSync(file)) return missing(project, suite, 'wrote no report');
  const counts = countReport(JSON.parse(readFileSync(file, 'utf8')));
  if (counts.passed + counts.failed + counts.skipped === 0)
    return missing(project, suite, 'ran no test');
  return { project, suite, ...counts };
}

/** A suite that has tests and reports none is a failure: else a wrong glob would pass everything. */
function missing(project, suite, what) {
  return {
    project,
    suite,
    passed: 0,
    failed: 1,
    skipped: 0,
    failures: [`${project}: suite ${suite} ${what}`],
    skips: [],
  };
}

/** How many lines of a failure the summary repeats: where only the end of a run's output is kept, nothing else tells of it. */
const REASON_LINES = 12;

/** The first lines of what a test failed with, without colours. */
function reasonOf({ failureMessages = [] }) {
  const lines = stripVTControlCharacters(failureMessages.join('\n')).split('\n');
  return lines
    .filter((line) => line.trim() !== '' && !line.includes('/node_modules/'))
    .slice(0, REASON_LINES)
    .map((line) => `      ${line}`);
}

/**
 * Counts a vitest JSON report. A file that fails without a failing test (it does not load, a hook throws) is one failure.
 */
export function countReport(report) {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const failedTests = tests.filter((test) => test.status === 'failed');
  const failedFiles = report.testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const passed = tests.filter((test) => test.status === 'passed').length;
  const skips = tests.filter((test) => test.status !== 'failed' && test.status !== 'passed');
  return {
    passed,
    failed: failedTests.length + failedFiles.length,
    skipped: skips.length,
    failures: [
      ...failedTests.map((test) => [test.fullName, ...reasonOf(test)].join('\n')),
      ...failedFiles.map(
        (file) => `${relative(root, file.name)}: ${file.message || 'failed outside of a test'}`,
      ),
    ],
    skips: skips.map((test) => test.fullName),
  };
}
