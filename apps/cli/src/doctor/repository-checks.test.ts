import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore } from '@kops/object-store/file';
import { createRepository } from '@kops/repository';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeArchive } from '../../test/stored-archive.ts';
import { renderVerdict } from '../render/doctor.ts';
import { ok, skipped, warn, type CheckResult } from './check.ts';
import { copyChecks } from './repository-checks.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-doctor-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function checksOf(...names: string[]): Promise<CheckResult[]> {
  const checks: CheckResult[] = [];
  const urls = names.map((name) => join(folder, name));
  for await (const result of copyChecks(urls, new AbortController().signal)) checks.push(result);
  return checks;
}

/** What a backup does first. */
const firstOfBackup = async (name: string) =>
  createRepository(await openFileStore(join(folder, name), { create: true }));

describe('a repository that no backup could use', () => {
  it.each<[string, (path: string) => Promise<unknown>, string]>([
    [
      'a directory of other things',
      async (path) => {
        await mkdir(path);
        await writeFile(join(path, 'cat.jpg'), '');
      },
      'KOPS_REFUSED',
    ],
    ['a link to nothing', (path) => symlink(join(path, '..', 'unmounted'), path), 'KOPS_USAGE'],
    ['a file', (path) => writeFile(path, ''), 'KOPS_USAGE'],
  ])('has the same verdict from doctor and backup: %s', async (_what, make, code) => {
    await make(join(folder, 'place'));
    const [result, ...others] = await checksOf('place');
    expect(result).toMatchObject({ name: 'repository', status: 'fail', code });
    expect(others).toEqual([]);
    await expect(firstOfBackup('place')).rejects.toMatchObject({ code, message: result?.message });
  });

  it('fails when the newest manifest is damaged, which a backup would have to extend', async () => {
    const archive = await storeArchive(join(folder, 'place'), {});
    expect((await checksOf('place'))[0]).toMatchObject({ status: 'ok' });
    await truncate(join(folder, 'place', 'manifests', `${archive}.json`), 10);
    const [result] = await checksOf('place');
    expect(result).toMatchObject({ status: 'fail', code: 'KOPS_MANIFEST_INVALID' });
    expect(result?.details).toEqual([expect.stringContaining(archive)]);
  });

  it('fails when two copies are one directory', async () => {
    await firstOfBackup('real');
    await symlink(join(folder, 'real'), join(folder, 'link'));
    const failed = (await checksOf('real', 'link')).filter(({ status }) => status === 'fail');
    expect(failed).toMatchObject([
      {
        code: 'KOPS_USAGE',
        message: expect.stringMatching(/real and .*link are the same/) as unknown,
      },
    ]);
    expect(await readdir(join(folder, 'real'))).toEqual(['repository.json']);
  });
});

it('does not call all checks ok when some were skipped', () => {
  expect(renderVerdict([ok('drills', ''), ok('space', '')])).toBe('All checks ok');
  expect(renderVerdict([skipped('kafka', ''), skipped('repository', ''), ok('drills', '')])).toBe(
    'No failures, 1 ok, not checked: kafka, repository',
  );
  expect(renderVerdict([skipped('kafka', ''), warn('repository', '')])).toBe(
    'No failures, 1 warning, 0 ok, not checked: kafka',
  );
});
