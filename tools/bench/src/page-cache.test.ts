import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readIntoCache } from './page-cache.ts';

const { signal } = new AbortController();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-cache-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('readIntoCache', () => {
  it('reads what lies in folders of folders, and takes a folder that is not there for empty', async () => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    await writeFile(join(folder, 'a', 'b', 'c'), 'text');
    await readIntoCache(folder, signal);
    await readIntoCache(join(folder, 'nowhere'), signal);
    await expect(readIntoCache(folder, AbortSignal.abort(new Error('enough')))).rejects.toThrow();
  });
});
