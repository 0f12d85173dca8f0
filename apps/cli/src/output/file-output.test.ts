import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KopsError, type ErrorCode } from '@kops/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileOutput } from './file-output.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-file-output-'));
  path = join(folder, 'out');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(text: string, overwrite = false, before?: () => Promise<void>): Promise<void> {
  await using file = await FileOutput.create(path, { overwrite });
  file.stream.write(text);
  await before?.();
  await file.finish();
}

const withCode = (code: ErrorCode) => (error: unknown) => KopsError.is(error, code);

describe('a file that is written', () => {
  it('has its name at its end, not before, and nothing is left beside it', async () => {
    await write('text', false, async () => {
      expect(await readdir(folder)).toEqual([expect.stringMatching(/^out\.[0-9a-f]{8}\.new$/)]);
    });
    expect(await readdir(folder)).toEqual(['out']);
    expect(await readFile(path, 'utf8')).toBe('text');
  });

  it('is refused where there is one, unless it may be replaced', async () => {
    await writeFile(path, 'old');
    // Before any work.
    const refused = FileOutput.create(path, { overwrite: false });
    await expect(refused).rejects.toSatisfy(withCode('KOPS_REFUSED'));
    expect(await readFile(path, 'utf8')).toBe('old');
    await write('new', true);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('does not replace one that came meanwhile', async () => {
    const late = write('new', false, () => writeFile(path, 'other'));
    await expect(late).rejects.toSatisfy(withCode('KOPS_REFUSED'));
    expect(await readFile(path, 'utf8')).toBe('other');
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('does not mix with another of the same name', async () => {
    await write('a'.repeat(10), true, async () => {
      await write('b'.repeat(20), true);
    });
    expect(await readFile(path, 'utf8')).toBe('a'.repeat(10));
  });

  it('leaves the old one alone when it is not finished', async () => {
    await writeFile(path, 'old');
    const failed = write('new', true, () => Promise.reject(new Error('cut off')));
    await expect(failed).rejects.toThrow('cut off');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('is no folder and no device: that is said before the work', async () => {
    await mkdir(path);
    const usage = withCode('KOPS_USAGE');
    await expect(FileOutput.create(path, { overwrite: true })).rejects.toSatisfy(usage);
    await expect(FileOutput.create('/dev/null', { overwrite: true })).rejects.toSatisfy(usage);
    const nowhere = join(folder, 'no', 'such');
    await expect(FileOutput.create(nowhere, { overwrite: false })).rejects.toSatisfy(usage);
  });
});
