import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { installedMatches } from './install.mjs';
import { lackOfJava } from './java.mjs';
import { closingLine, skipLines } from './summary.mjs';
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

  it('says what a test failed with, without colours and frames of libraries', () => {
    const message =
      '\u001b[31mAssertionError\u001b[39m: expected 1 to be 2\n    at a.test.ts:1:1\n    at /x/node_modules/vitest/y.js:2:2';
    const failed = { ...test('failed', 'it breaks'), failureMessages: [message] };
    expect(countReport({ testResults: [file('failed', failed)] }).failures).toEqual([
      'it breaks\n      AssertionError: expected 1 to be 2\n          at a.test.ts:1:1',
    ]);
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

describe('skipped tests', () => {
  const row = { project: 'apps/cli', suite: 'int', passed: 0, failed: 0, skips: ['a', 'b'] };

  it('are named, but counted where a suite ran none', () => {
    expect(skipLines(row)).toEqual(['apps/cli: all 2 tests of suite int']);
    expect(skipLines({ ...row, passed: 1 })).toEqual(['apps/cli: a', 'apps/cli: b']);
    expect(skipLines({ ...row, skips: ['a'] })).toEqual(['apps/cli: a']);
  });
});

describe('the check for Java', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kops-java-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A home whose `java` says that it is of this version. */
  function javaHome(name, version, hasCompiler) {
    const home = join(folder, name);
    mkdirSync(join(home, 'bin'), { recursive: true });
    const says = `    java.home = ${home}\n    java.specification.version = ${version}`;
    writeFileSync(join(home, 'bin', 'java'), `#!/bin/sh\ncat >&2 <<X\n${says}\nX\n`, {
      mode: 0o755,
    });
    if (hasCompiler) writeFileSync(join(home, 'bin', 'javac'), '');
    return home;
  }

  it('takes a JDK of the needed version from any of its places', () => {
    const home = javaHome('jdk', '21', true);
    expect(lackOfJava({ KOPS_JAVA: home })).toBeUndefined();
    expect(lackOfJava({ KOPS_JAVA: join(home, 'bin', 'java') })).toBeUndefined();
    expect(lackOfJava({ JAVA_HOME: home })).toBeUndefined();
    expect(lackOfJava({ PATH: `/nowhere:${join(home, 'bin')}` })).toBeUndefined();
    const old = join(javaHome('old', '1.8', true), 'bin');
    expect(lackOfJava({ PATH: `${old}:${join(home, 'bin')}` })).toBeUndefined();
  });

  it('says in one line what is missing', () => {
    const lacks = [
      [{ PATH: '/nowhere' }, 'no Java was found'],
      [{ KOPS_JAVA: '/nowhere' }, '/nowhere does not answer like Java'],
      [{ JAVA_HOME: javaHome('eleven', '11', true) }, 'is Java 11'],
      [{ JAVA_HOME: javaHome('jre', '17', false) }, 'has no Java compiler'],
    ];
    for (const [env, what] of lacks) {
      expect(lackOfJava(env)).toContain(what);
      expect(lackOfJava(env)).toMatch(
        /^tests on real brokers are skipped: .*Docker.* KOPS_JAVA.*\.$/,
      );
    }
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
