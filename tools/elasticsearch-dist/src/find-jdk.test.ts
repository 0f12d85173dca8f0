import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fakeJavas, type FakeJavas } from '@kops/kafka-dist/fake-java';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findJdk, hasModule } from './find-jdk.ts';

describe('findJdk', () => {
  const javas = fakeJavas({ beforeEach, afterEach });
  let folder: string;
  let fakeJava: FakeJavas['install'];
  beforeEach(() => {
    ({ folder, install: fakeJava } = javas());
  });

  it('takes the one that is named or none', async () => {
    const [old, fresh] = [await fakeJava('a/old', '17'), await fakeJava('b/fresh', '25')];
    const folders = [join(folder, 'b')];
    expect((await findJdk({ env: { ES_JAVA_HOME: fresh }, folders: [] })).version).toBe(25);
    await expect(findJdk({ env: { ES_JAVA_HOME: old }, folders })).rejects.toMatchObject({
      code: 'KOPS_SANDBOX_UNAVAILABLE',
      message: 'Elasticsearch needs a JDK of version 21 or later, found only Java 17',
    });
  });

  it('passes over what is too old, to the next on the PATH and to where Java is installed', async () => {
    const old = await fakeJava('a/old', '17');
    const second = await fakeJava('a/second', '21');
    const installed = await fakeJava('jvm/installed', '25');
    const folders = [join(folder, 'absent'), join(folder, 'jvm')];
    const PATH = `${join(old, 'bin')}:${join(second, 'bin')}`;
    expect((await findJdk({ env: { JAVA_HOME: old, PATH }, folders })).home).toBe(second);
    expect((await findJdk({ env: { JAVA_HOME: old }, folders })).home).toBe(installed);
  });

  it('passes over one that another user cannot run, when one must', async () => {
    const hidden = await fakeJava('jvm/a', '21');
    const open = await fakeJava('jvm/b', '21');
    await chmod(hidden, 0o700);
    const where = { env: {}, folders: [join(folder, 'jvm')] };
    expect((await findJdk(where)).home).toBe(hidden);
    expect((await findJdk({ ...where, forOthers: true })).home).toBe(open);
  });

  it('says so when there is none', async () => {
    await expect(findJdk({ env: {}, folders: [folder] })).rejects.toMatchObject({
      message: expect.stringMatching(/found no Java at all$/) as string,
      hint: expect.stringMatching(/ES_JAVA_HOME/) as string,
    });
  });

  it('sees in the release file whether a module is there, and refuses a Java without one that is needed', async () => {
    const home = await fakeJava('a', '25');
    const jdk = { java: join(home, 'bin/java'), home, version: 25 };
    expect(await hasModule(jdk, 'jdk.incubator.vector')).toBe(true);
    const release = async (text: string): Promise<void> =>
      await writeFile(join(home, 'release'), text);
    await release('JAVA_VERSION="25"\nMODULES="java.base jdk.incubator.vector jdk.net"\n');
    expect(await hasModule(jdk, 'jdk.incubator.vector')).toBe(true);
    await release('JAVA_VERSION="25"\nMODULES="java.base jdk.net"\n');
    expect(await hasModule(jdk, 'jdk.incubator.vector')).toBe(false);
    await expect(findJdk({ env: { ES_JAVA_HOME: home }, folders: [] })).rejects.toThrow(
      /only Java 25 without the module jdk\.jdi/,
    );
    await release('MODULES="java.base jdk.jdi"\n');
    expect((await findJdk({ env: { ES_JAVA_HOME: home }, folders: [] })).home).toBe(home);
  });
});
