import { readSuite } from './test-reports.mjs';

/**
 * Prints the table of steps and suites and the closing line `N passed, N failed[, N skipped]`.
 * @param {string | undefined} lack why a whole suite was skipped
 * @returns {number} exit code: 1 when anything failed
 */
export function summarize(steps, lack) {
  const rows = steps.flatMap(toRows);
  console.log(`\n${table(rows)}`);
  printNames('skipped', rows.flatMap(skipLines));
  if (lack !== undefined) console.log(`\n${lack}`);
  printNames(
    'failed',
    rows.flatMap((row) => row.failures.map((name) => `${row.project}: ${name}`)),
  );
  const total = sum(rows);
  console.log(`\n${closingLine(total)}`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** Names of skipped tests; where a suite ran none at all, their number says as much. */
export function skipLines({ project, suite, passed, failed, skips }) {
  if (passed + failed === 0 && skips.length > 1)
    return [`${project}: all ${skips.length} tests of suite ${suite}`];
  return skips.map((name) => `${project}: ${name}`);
}

/** The last line of a run, which scripts read. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** A step's rows: by project for a suite, else the step itself, which counts as one. */
function toRows(step) {
  if (!step.suite) return [stepRow(step)];
  const rows = readSuite(step.suite);
  // Something ended badly that no report shows, such as an error outside of every test.
  const isUnexplained = step.code !== 0 && rows.every((row) => row.failed === 0);
  return isUnexplained ? [...rows, stepRow(step)] : rows;
}

function stepRow({ name, code }) {
  const isOk = code === 0;
  const failures = isOk ? [] : [`exit code ${code}`];
  return {
    project: '(workspace)',
    suite: name,
    passed: isOk ? 1 : 0,
    failed: isOk ? 0 : 1,
    skipped: 0,
    failures,
    skips: [],
  };
}

function sum(rows) {
  const add = (key) => rows.reduce((total, row) => total + row[key], 0);
  return { passed: add('passed'), failed: add('failed'), skipped: add('skipped') };
}

function table(rows) {
  const header = ['project', 'suite', 'passed', 'failed', 'skipped'];
  const lines = [header, ...rows.map((row) => header.map((column) => String(row[column])))];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (cell, column) =>
    column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

function printNames(title, names) {
  if (names.length > 0) console.log(`\n${title}:\n${names.map((name) => `  ${name}`).join('\n')}`);
}
