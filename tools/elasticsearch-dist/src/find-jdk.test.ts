import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findJdk } from './find-jdk.ts';

describe('findJdk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-jdk-test-'));
    await chmod(folder, 0o755);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const fakeJava = async (name: string, version: string): Promise<string> => {
    const home = join(folder, name);
    await mkdir(join(home, 'bin'), { recursive: true });
    const lines = [`java.home = ${home}`, `java.specification.version = ${version}`];
    const script = `#!/bin/sh\n${lines.map((line) => `echo '    ${line}' >&2`).join('\n')}\n`;
    await writeFile(join(home, 'bin', 'java'), script);
    for (const path of [home, join(home, 'bin'), join(home, 'bin/java')]) await chmod(path, 0o755);
    return home;
  };

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
});
