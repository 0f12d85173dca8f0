import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeObjectStore } from '../contract/index.ts';
import { openFileStore } from './index.ts';

describeObjectStore('file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kops-file-store-'));
  return {
    store: await openFileStore(directory),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});

describe('file store', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kops-file-store-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('makes the directory with its parents only when asked to', async () => {
    const path = join(directory, 'a', 'b');
    const missing = { code: 'KOPS_REPOSITORY_NOT_FOUND', exitCode: 10 };
    await expect(openFileStore(path)).rejects.toMatchObject(missing);
    const store = await openFileStore(path, { create: true });
    expect(store.url).toBe(`file://${path}`);
    expect(await store.putIfAbsent('k', new Uint8Array(1))).toBe('created');
    expect(await (await openFileStore(path, { create: true })).head('k')).toMatchObject({
      size: 1,
    });
  });

  it('refuses a link to nothing, to open it and to make it, and says where it points', async () => {
    const path = join(directory, 'link');
    await symlink(join(directory, 'unmounted'), path);
    for (const create of [false, true]) {
      await expect(openFileStore(path, { create })).rejects.toMatchObject({
        code: 'KOPS_USAGE',
        message: expect.stringMatching(/is a link to .*unmounted, which does not exist/) as unknown,
      });
    }
    expect(await readdir(directory)).toEqual(['link']);
  });

  it('is known as one place under all its names', async () => {
    const { place } = await openFileStore(join(directory, 'real'), { create: true });
    await symlink(join(directory, 'real'), join(directory, 'link'));
    expect((await openFileStore(join(directory, 'link'))).place).toBe(place);
    const other = await openFileStore(join(directory, 'other'), { create: true });
    expect(other.place).not.toBe(place);
  });

  const modeOf = async (...path: string[]): Promise<string> =>
    ((await stat(join(directory, ...path))).mode & 0o777).toString(8);

  it('lets only its owner read what it stores, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      const store = await openFileStore(join(directory, 'new', 'repository'), { create: true });
      await store.putIfAbsent('a/k', new Uint8Array(1));
      const writer = await store.openWriter('b/1.log');
      expect(await modeOf('new', 'repository', 'b', '1.log.part')).toBe('600');
      await writer.publish();
    } finally {
      process.umask(before);
    }
    expect(await modeOf('new', 'repository')).toBe('700');
    expect(await modeOf('new', 'repository', 'a')).toBe('700');
    expect(await modeOf('new', 'repository', 'a', 'k')).toBe('600');
    expect(await modeOf('new', 'repository', 'b', '1.log')).toBe('600');
  });

  it('gives files and directories the permissions that are asked for, whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      const path = join(directory, 'repository');
      const store = await openFileStore(path, { create: true, fileMode: 0o640 });
      await store.putIfAbsent('a/k', new Uint8Array(1));
    } finally {
      process.umask(before);
    }
    expect(await modeOf('repository')).toBe('750');
    expect(await modeOf('repository', 'a')).toBe('750');
    expect(await modeOf('repository', 'a', 'k')).toBe('640');
  });

  it('leaves the permissions of a directory that is there', async () => {
    await chmod(directory, 0o755);
    await openFileStore(directory, { create: true });
    expect(await modeOf()).toBe('755');
  });

  it('refuses a path that is a file, or goes through one, as wrong usage', async () => {
    const path = join(directory, 'file');
    await writeFile(path, 'x');
    for (const place of [path, join(path, 'below')]) {
      for (const create of [false, true]) {
        await expect(openFileStore(place, { create })).rejects.toMatchObject({
          code: 'KOPS_USAGE',
          exitCode: 2,
          hint: expect.stringContaining('directory') as string,
        });
      }
    }
  });

  it('uses one descriptor for a writer, and gives all back', async () => {
    const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
    const store = await openFileStore(directory);
    const before = await descriptors();
    const writers = [];
    for (let at = 0; at < 50; at++) writers.push(await store.openWriter(`${String(at)}.log`));
    expect((await descriptors()) - before).toBe(50);
    for (const [at, writer] of writers.entries()) {
      await (at % 3 === 0 ? writer.publish() : at % 3 === 1 ? writer.suspend() : writer.discard());
    }
    for await (const piece of store.read('0.log')) expect(piece).toHaveLength(1);
    expect(await descriptors()).toBe(before);
  });

  it('removes directories that became empty, and makes them again', async () => {
    const store = await openFileStore(directory);
    await store.putIfAbsent('a/b/c/k', new Uint8Array(1));
    await store.putIfAbsent('a/k', new Uint8Array(1));
    await store.delete('a/b/c/k');
    expect((await readdir(join(directory, 'a'))).sort()).toEqual(['k']);
    const writer = await store.openWriter('a/b/c/k');
    await writer.discard();
    await store.delete('a/k');
    expect(await readdir(directory)).toEqual([]);
    expect(await store.putIfAbsent('a/b/c/k', new Uint8Array(1))).toBe('created');
  });

  it('writes although another process removes empty directories all the time', async () => {
    const [store, other] = [await openFileStore(directory), await openFileStore(directory)];
    for (let round = 0; round < 200; round++) {
      const key = `a/b/${String(round)}`;
      const [answer] = await Promise.all([
        store.putIfAbsent(key, new Uint8Array(1)),
        other.delete('a/b/none'),
      ]);
      expect(answer).toBe('created');
      await store.delete(key);
    }
  });

  it('lists what links point to, and not what is none of ours', async () => {
    const elsewhere = join(directory, 'elsewhere');
    const repository = join(directory, 'repository');
    await mkdir(join(repository, 'lost+found'), { recursive: true });
    await mkdir(elsewhere);
    await writeFile(join(repository, 'lost+found', 'k'), 'x');
    await writeFile(join(repository, 'a file~'), 'x');
    await writeFile(join(elsewhere, 'k'), '12345');
    await symlink(elsewhere, join(repository, 'segments'));
    await symlink(join(directory, 'nowhere'), join(repository, 'dangling'));
    const store = await openFileStore(repository);
    const found = [];
    for await (const { key, size } of store.list('')) found.push([key, size]);
    expect(found).toEqual([['segments/k', 5]]);
  });

  it('refuses a key whose directory is an object', async () => {
    const store = await openFileStore(directory);
    await store.putIfAbsent('a', new Uint8Array(1));
    const refused = { code: 'KOPS_REFUSED', at: { object: 'a/b' } };
    await expect(store.putIfAbsent('a/b', new Uint8Array(1))).rejects.toMatchObject(refused);
    await expect(store.openWriter('a/b')).rejects.toMatchObject(refused);
    await store.putIfAbsent('c/d', new Uint8Array(1));
    await expect(store.putIfAbsent('c', new Uint8Array(1))).rejects.toMatchObject({
      code: 'KOPS_REFUSED',
    });
    await expect((await store.openWriter('c')).publish()).rejects.toMatchObject({
      code: 'KOPS_REFUSED',
    });
  });

  it('calls an object corrupt that becomes shorter while it is read', async () => {
    const store = await openFileStore(directory);
    await store.putIfAbsent('k', new Uint8Array(1000));
    const read = async (): Promise<void> => {
      for await (const piece of store.read('k', { pieceBytes: 100 })) {
        expect(piece).toHaveLength(100);
        await truncate(join(directory, 'k'), 150);
      }
    };
    await expect(read()).rejects.toMatchObject({
      code: 'KOPS_OBJECT_CORRUPT',
      at: { object: 'k' },
    });
  });
});
