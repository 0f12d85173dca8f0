import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kops-sync-order-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const watched =
  'trace=mkdir,mkdirat,fsync,fdatasync,link,linkat,unlink,unlinkat,write,writev,pwrite64';

/** `fsync put` for each successful call that names something below the root, in order. */
function callsOf(trace: string, root: string): string[] {
  return trace.split('\n').flatMap((line) => {
    const call = /^\d+ +(\w+)\((.*)\) += \d/.exec(line);
    const paths = [...(call?.[2] ?? '').matchAll(/[<"](\/[^>"]*)[>"]/g)].flatMap(([, path]) =>
      path?.startsWith(root) === true
        ? [path.slice(root.length).replace(/\.[0-9a-f]{16}\./, '.random.')]
        : [],
    );
    const name = call?.[1]?.replace(/at$|v$/, '');
    return name === undefined || paths.length === 0 ? [] : [[name, ...paths].join(' ')];
  });
}

describe('file store, system calls', () => {
  it('syncs file, then links, then syncs the directory, and every new directory in its parent', async (context) => {
    if (spawnSync('strace', ['-V']).error !== undefined) context.skip('strace is not installed');
    const output = join(directory, 'trace');
    const script = join(import.meta.dirname, 'children', 'publish-both-ways.ts');
    const root = join(directory, 'root');
    const line = [
      '-f',
      '-y',
      '-qq',
      '-e',
      watched,
      '-e',
      'signal=none',
      '-o',
      output,
      process.execPath,
    ];
    const run = spawnSync('strace', [
      ...line,
      '--conditions=@kops/source',
      script,
      join(root, 'repository'),
    ]);
    const trace = await readFile(output, 'utf8').catch(() => '');
    if (run.status !== 0 && trace === '')
      context.skip(`strace may not trace here: ${String(run.stderr)}`);
    expect(run.status).toBe(0);
    expect(callsOf(trace, root).map((call) => call.replaceAll('/repository', '~'))).toEqual([
      'mkdir ',
      'mkdir ~',
      'fsync ',
      'fsync ~',
      'mkdir ~/put',
      'fsync ~',
      'write ~/put/k.random.part',
      'fdatasync ~/put/k.random.part',
      'link ~/put/k.random.part ~/put/k',
      'fsync ~/put',
      'unlink ~/put/k.random.part',
      'mkdir ~/written',
      'fsync ~',
      'fsync ~/written',
      'write ~/written/k.part',
      'fdatasync ~/written/k.part',
      'link ~/written/k.part ~/written/k',
      'fsync ~/written',
      'unlink ~/written/k.part',
    ]);
    expect(callsOf(trace, directory)).toContain('fsync ');
  });
});
