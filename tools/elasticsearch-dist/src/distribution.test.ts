import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { distributionPom, ensureDistribution, treeDigest } from './distribution.ts';
import { linkTree } from './unprivileged.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-distribution-test-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function sampleTree(): Promise<string> {
  const tree = join(folder, 'tree');
  await mkdir(join(tree, 'b/c'), { recursive: true });
  await writeFile(join(tree, 'b/c/deep'), 'one');
  await writeFile(join(tree, 'a'), 'two');
  return tree;
}

describe('treeDigest', () => {
  it('is that of the sorted list which sha256sum prints', async () => {
    const list = `${sha256('two')}  a\n${sha256('one')}  b/c/deep\n`;
    expect(await treeDigest(await sampleTree())).toBe(sha256(list));
  });

  it.each([
    ['another content', async (tree: string) => await writeFile(join(tree, 'a'), 'twO')],
    ['a file more', async (tree: string) => await writeFile(join(tree, 'b/d'), '')],
    ['a file less', async (tree: string) => await rm(join(tree, 'a'))],
  ])('changes with %s', async (_name, change) => {
    const tree = await sampleTree();
    const before = await treeDigest(tree);
    await change(tree);
    expect(await treeDigest(tree)).not.toBe(before);
  });
});

it('linkTree shares content and not the list of names', async () => {
  const tree = await sampleTree();
  const view = join(folder, 'view');
  await linkTree(tree, view);
  expect((await stat(join(view, 'b/c/deep'))).ino).toBe((await stat(join(tree, 'b/c/deep'))).ino);
  expect(await treeDigest(view)).toBe(await treeDigest(tree));
  await rm(view, { recursive: true });
  expect(await readFile(join(tree, 'b/c/deep'), 'utf8')).toBe('one');
});

it('the pom asks for the archive alone, and escapes what a path may hold', () => {
  const pom = distributionPom('/a & <b>');
  expect(pom).toContain('<artifactId>*</artifactId>');
  expect(pom).toContain('<outputFile>/a &amp; &lt;b>/archive-path</outputFile>');
});

describe('ensureDistribution', () => {
  const jdk = { java: '/nowhere/bin/java', home: '/nowhere', version: 21 };

  /** A Maven that runs this script in the folder of the pom. */
  const fakeMaven = async (script: string): Promise<void> => {
    const path = join(folder, 'mvn');
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    vi.stubEnv('KOPS_MAVEN', path);
  };
  const left = async (): Promise<string[]> => await readdir(join(folder, 'cache/elasticsearch'));

  it('refuses an archive of other content and leaves nothing, nor deletes the archive', async () => {
    const repository = join(folder, 'repository/26.9.0.129388');
    await mkdir(repository, { recursive: true });
    await fakeMaven(
      [
        'mkdir -p unpacked/sonarqube-26.9.0.129388/elasticsearch/lib',
        'echo other >unpacked/sonarqube-26.9.0.129388/elasticsearch/lib/x.jar',
        `echo ${repository}/x.zip >archive-path`,
      ].join('\n'),
    );
    const cacheDir = join(folder, 'cache');
    await expect(ensureDistribution(jdk, { cacheDir })).rejects.toMatchObject({
      code: 'KOPS_SANDBOX_UNAVAILABLE',
      message: expect.stringMatching(/not the expected Elasticsearch/) as string,
    });
    expect(await left()).toEqual([]);
    expect((await stat(repository)).isDirectory()).toBe(true);
  });

  it('says what Maven says', async () => {
    await fakeMaven('echo "[ERROR] no route to host"; exit 1');
    const cacheDir = join(folder, 'cache');
    await expect(ensureDistribution(jdk, { cacheDir })).rejects.toThrow(/no route to host/);
    expect(await left()).toEqual([]);
  });

  it('asks nobody for what is in the cache', async () => {
    await fakeMaven('exit 1');
    await mkdir(join(folder, 'cache/elasticsearch/9.4.3'), { recursive: true });
    const path = await ensureDistribution(jdk, { cacheDir: join(folder, 'cache') });
    expect(path).toBe(join(folder, 'cache/elasticsearch/9.4.3'));
  });
});
