import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeJavas, type FakeJavas } from './fake-java.ts';
import { findJava, parseJavaSettings } from './java.ts';

describe('findJava', () => {
  const javas = fakeJavas({ beforeEach, afterEach });
  let folder: string;
  let fakeJava: FakeJavas['install'];
  beforeEach(() => {
    ({ folder, install: fakeJava } = javas());
  });

  it('prefers KOPS_JAVA, then JAVA_HOME, then the PATH', async () => {
    const [named, home, onPath] = [
      await fakeJava('a', '21'),
      await fakeJava('b', '17'),
      await fakeJava('c', '25'),
    ];
    const env = { KOPS_JAVA: named, JAVA_HOME: home, PATH: join(onPath, 'bin') };
    expect(await findJava({ env })).toEqual({
      java: join(named, 'bin/java'),
      home: named,
      version: 21,
    });
    expect((await findJava({ env: { ...env, KOPS_JAVA: join(onPath, 'bin/java') } })).version).toBe(
      25,
    );
    expect((await findJava({ env: { ...env, KOPS_JAVA: '' } })).home).toBe(home);
    expect((await findJava({ env: { PATH: env.PATH } })).home).toBe(onPath);
  });

  it('passes over one that is too old, but not when it was named', async () => {
    const [old, fresh] = [await fakeJava('old', '1.8'), await fakeJava('fresh', '17')];
    expect((await findJava({ env: { JAVA_HOME: old, PATH: join(fresh, 'bin') } })).home).toBe(
      fresh,
    );
    await expect(findJava({ env: { KOPS_JAVA: old, JAVA_HOME: fresh } })).rejects.toMatchObject({
      code: 'KOPS_SANDBOX_UNAVAILABLE',
      message: expect.stringMatching(/Java 8, Kafka needs 17/) as string,
      hint: expect.stringMatching(/KOPS_JAVA/) as string,
    });
  });

  it('says so when there is none', async () => {
    await expect(findJava({ env: { PATH: folder } })).rejects.toMatchObject({
      code: 'KOPS_SANDBOX_UNAVAILABLE',
      message: 'no Java found',
    });
    await expect(findJava({ env: { KOPS_JAVA: join(folder, 'absent') } })).rejects.toMatchObject({
      code: 'KOPS_SANDBOX_UNAVAILABLE',
    });
  });
});

it('parseJavaSettings reads old and new version numbers, and nothing from other output', () => {
  const text = (version: string): string =>
    `  java.home = /x y\n  java.specification.version = ${version}\n`;
  expect(parseJavaSettings(text('1.8'))).toEqual({ version: 8, home: '/x y' });
  expect(parseJavaSettings(text('25'))).toEqual({ version: 25, home: '/x y' });
  expect(parseJavaSettings('hello')).toBeUndefined();
});
