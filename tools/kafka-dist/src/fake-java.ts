/**
 * For the tests of whoever looks for a Java.
 * @module
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A suite's hooks around each test: vitest's. */
export interface TestHooks {
  readonly beforeEach: (hook: () => Promise<void>) => void;
  readonly afterEach: (hook: () => Promise<void>) => void;
}

/** A folder of each test's own, with programs in it that answer as `java -XshowSettings` does. */
export interface FakeJavas {
  readonly folder: string;
  /** Installs one, that everybody can run, in a folder of this name. Returns its home. */
  install(name: string, version: string): Promise<string>;
}

/** Registers the folder's begin and end with a suite's hooks. */
export function fakeJavas({ beforeEach, afterEach }: TestHooks): () => FakeJavas {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-java-test-'));
    await chmod(folder, 0o755);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return () => ({ folder, install: (name, version) => install(join(folder, name), version) });
}

async function install(home: string, version: string): Promise<string> {
  const bin = join(home, 'bin');
  const java = join(bin, 'java');
  await mkdir(bin, { recursive: true });
  const lines = [`java.home = ${home}`, `java.specification.version = ${version}`];
  const script = `#!/bin/sh\n${lines.map((line) => `echo '    ${line}' >&2`).join('\n')}\n`;
  await writeFile(java, script);
  for (const path of [home, bin, java]) await chmod(path, 0o755);
  return home;
}
