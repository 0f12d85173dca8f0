import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from './run-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-before-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a catalog that could never be reached', () => {
  it.each<[string, string, RegExp]>([
    ['no URL', 'catalog: { elasticsearch: { node: es } }', /Elasticsearch is (no|not a) URL/],
    [
      'a schema registry that is none',
      'catalog: { elasticsearch: { node: "http://localhost:1" }, schemaRegistry: { url: sr } }',
      /schema registry/,
    ],
    [
      'a file that is not there',
      'catalog: { elasticsearch: { node: "https://localhost:1", caFile: /nowhere/ca.pem } }',
      /nowhere/,
    ],
  ])('fails before the backup starts: %s', async (_what, settings, says) => {
    const config = join(folder, 'kops.yaml');
    await writeFile(config, settings);
    const args = ['--config', config, '--repository', join(folder, 'repository')];
    const run = await runCommand('backup', [...args, '--bootstrap-server', '127.0.0.1:1']);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(says);
    expect(await readdir(folder)).toEqual(['kops.yaml']);
  });

  it('fails before the backup starts: --elasticsearch es', async () => {
    const args = ['--bootstrap-server', '127.0.0.1:1', '--repository', join(folder, 'repository')];
    const run = await runCommand('backup', [...args, '--elasticsearch', 'es']);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(await readdir(folder)).toEqual([]);
  });
});
