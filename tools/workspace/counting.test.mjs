import { describe, expect, it } from 'vitest';
import { installedMatches } from './install.mjs';
import { closingLine } from './summary.mjs';
import { countReport } from './test-reports.mjs';

const test = (status, fullName = status) => ({ status, fullName });
const file = (status, ...assertionResults) => ({
  name: '/somewhere/file.test.ts',
  status,
  message: 'does not load',
  assertionResults,
});

describe('counting of reports', () => {
  it('counts passed, failed and skipped tests by name', () => {
    const report = {
      testResults: [
        file('failed', test('passed'), test('failed', 'it breaks'), test('skipped', 'no Java')),
      ],
    };
    expect(countReport(report)).toMatchObject({
      passed: 1,
      failed: 1,
      skipped: 1,
      failures: ['it breaks'],
      skips: ['no Java'],
    });
  });

  it('counts a file that fails without a failing test as one failure', () => {
    expect(countReport({ testResults: [file('failed')] })).toMatchObject({ passed: 0, failed: 1 });
    expect(countReport({ testResults: [file('failed', test('passed'))] })).toMatchObject({
      passed: 1,
      failed: 1,
    });
  });

  it('counts todo and pending tests as skipped, never as passed', () => {
    const report = { testResults: [file('passed', test('todo'), test('pending'))] };
    expect(countReport(report)).toMatchObject({ passed: 0, failed: 0, skipped: 2 });
  });

  it('names the skipped tests in the closing line only when there are any', () => {
    expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
    expect(closingLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
  });
});

describe('the check of what is installed', () => {
  const lock = (version, optional = false) => ({
    packages: { 'node_modules/a': { version, optional } },
  });

  it('accepts what the lock says, and lacks of optional packages', () => {
    expect(installedMatches(lock('1.0.0'), lock('1.0.0'))).toBe(true);
    expect(installedMatches(lock('1.0.0', true), { packages: {} })).toBe(true);
  });

  it('refuses another version, a missing package and no install at all', () => {
    expect(installedMatches(lock('1.0.0'), lock('1.0.1'))).toBe(false);
    expect(installedMatches(lock('1.0.0'), { packages: {} })).toBe(false);
    expect(installedMatches(lock('1.0.0'), undefined)).toBe(false);
  });
});
