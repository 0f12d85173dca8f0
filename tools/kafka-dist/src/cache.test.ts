import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheEntry, defaultCacheDir, exists } from './cache.ts';

describe('cacheEntry', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-cache-test-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const make = async (scratch: string): Promise<void> => {
    await mkdir(scratch);
    await writeFile(join(scratch, 'file'), 'content');
  };

  it('makes an entry once, for any number who ask at the same time', async () => {
    let made = 0;
    const path = join(folder, 'deep', 'entry');
    const counting = async (scratch: string): Promise<void> => {
      made++;
      await make(scratch);
    };
    const all = await Promise.all(
      Array.from({ length: 5 }, async () => await cacheEntry({ path, make: counting })),
    );
    expect(made).toBe(1);
    expect(new Set(all)).toEqual(new Set([path]));
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('content');
    expect(await readdir(join(folder, 'deep'))).toEqual(['entry']);
  });

  it('leaves nothing behind when making fails, so that the next try starts afresh', async () => {
    const path = join(folder, 'entry');
    const failing = async (scratch: string): Promise<void> => {
      await make(scratch);
      throw new Error('cable pulled');
    };
    await expect(cacheEntry({ path, make: failing })).rejects.toThrow('cable pulled');
    expect(await readdir(folder)).toEqual([]);
    await cacheEntry({ path, make });
    expect(await exists(path)).toBe(true);
  });

  it('takes over from a process that died, and waits only so long for one that lives', async () => {
    const path = join(folder, 'entry');
    // No process has this id: it is above what Linux gives out.
    await writeFile(`${path}.lock`, '2147483646');
    await cacheEntry({ path, make, timeoutMs: 5_000 });
    expect(await exists(path)).toBe(true);
    const other = join(folder, 'other');
    await writeFile(`${other}.lock`, String(process.pid));
    await expect(cacheEntry({ path: other, make, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'KOPS_SANDBOX_UNAVAILABLE',
      hint: expect.stringContaining(`${other}.lock`) as string,
    });
  });

  it('clears away what a killed process left, but not what another may be making', async () => {
    for (const name of ['entry.part-old', 'entry.part-new']) await mkdir(join(folder, name));
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(join(folder, 'entry.part-old'), longAgo, longAgo);
    await cacheEntry({ path: join(folder, 'entry'), make });
    expect(await readdir(folder)).toEqual(['entry', 'entry.part-new']);
  });

  it('keeps what another put there meanwhile', async () => {
    const path = join(folder, 'entry');
    const overtaken = async (scratch: string): Promise<void> => {
      await make(scratch);
      await mkdir(path);
      await writeFile(join(path, 'file'), 'theirs');
    };
    await cacheEntry({ path, make: overtaken });
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('theirs');
    expect(await readdir(folder)).toEqual(['entry']);
  });
});

describe('defaultCacheDir', () => {
  it('follows KOPS_CACHE_DIR, then XDG_CACHE_HOME, then the home folder', () => {
    expect(defaultCacheDir({ KOPS_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
    expect(defaultCacheDir({ KOPS_CACHE_DIR: '', XDG_CACHE_HOME: '/b' })).toBe('/b/kops');
    expect(defaultCacheDir({})).toMatch(/\/\.cache\/kops$/);
  });
});
