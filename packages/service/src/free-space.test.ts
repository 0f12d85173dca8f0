import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freeBytesOf, makeTemporaryDirectory, requireFreeSpace } from './free-space.ts';

afterEach(() => void vi.unstubAllEnvs());

describe('space that is needed', () => {
  const need = { directory: '/spool', what: 'the drill', hint: 'Set TMPDIR.' };
  const freeBytes = async () => 2_000n;

  it('is refused before work starts where there is less, with the directory and both amounts', async () => {
    await requireFreeSpace({ ...need, bytes: 2_000n, freeBytes });
    await expect(requireFreeSpace({ ...need, bytes: 3_072n, freeBytes })).rejects.toMatchObject({
      code: 'KOPS_NO_SPACE',
      exitCode: 32,
      message: 'the drill needs about 3.0 KiB in /spool, which has 2.0 KiB free',
      hint: 'Set TMPDIR.',
    });
  });

  it('is that of the file system on which a directory would be made', async () => {
    const absent = join(tmpdir(), 'absent', 'and', 'below');
    expect(await freeBytesOf(absent)).toBeGreaterThan(0n);
  });
});

describe('temporary directories', () => {
  it('are made where TMPDIR says, and removed', async () => {
    await using parent = await makeTemporaryDirectory('kops-test-');
    vi.stubEnv('TMPDIR', parent.path);
    const made = await makeTemporaryDirectory('kops-');
    const { path } = made;
    expect(path.startsWith(join(parent.path, 'kops-'))).toBe(true);
    await made[Symbol.asyncDispose]();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('name TMPDIR where it is no directory', async () => {
    vi.stubEnv('TMPDIR', '/absent/tmp');
    await expect(makeTemporaryDirectory('kops-')).rejects.toMatchObject({
      code: 'KOPS_USAGE',
      message: expect.stringContaining('/absent/tmp') as string,
      hint: expect.stringContaining('TMPDIR') as string,
    });
  });
});
