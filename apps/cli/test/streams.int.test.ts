import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnv, piped, program, runKops } from './run-kops.ts';
import { batchOf, damageFirstSegment, recordAt, storeArchive } from './stored-archive.ts';

let folder: string;
let repository: string;
let damaged: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-streams-'));
  repository = join(folder, 'whole');
  damaged = join(folder, 'damaged');
  // Some 10 MB of lines: more than pipes hold.
  const batches = Array.from({ length: 50 }, (_, batch) =>
    batchOf(
      Array.from({ length: 1000 }, (_, index) =>
        recordAt(batch * 1000 + index, { value: Buffer.alloc(200, 'v') }),
      ),
    ),
  );
  await storeArchive(repository, { orders: [[batches]] });
  await storeArchive(damaged, { orders: [[[batchOf([recordAt(0)])]]] });
  await damageFirstSegment(damaged, 'orders', 0);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** How kops ends whose output goes to a disk without space. */
async function toFullDisk(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  await using full = await open('/dev/full', 'w');
  const child = spawn(process.execPath, [program, ...args], {
    env: cleanEnv(),
    stdio: ['ignore', full.fd, 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

describe('kops whose output has no reader', () => {
  it.each([
    [['archives', '--help']],
    [['archives', 'show', '--repository', '$WHOLE', '--json']],
    [['verify', '--repository', '$WHOLE']],
  ])('ends with 0 and says nothing: %j', async (args) => {
    const filled = args.map((arg) => arg.replace('$WHOLE', repository));
    expect(await piped(filled, '2>&1 | true')).toBe('0');
  });

  it('stops printing records and ends with 0', async () => {
    const cat = ['cat', '--repository', repository, '--topic', 'orders', '--partition', '0'];
    expect(await piped(cat, '| head -3')).toBe('0');
    const dump = ['export', '--repository', repository, '--topic', 'orders'];
    expect(await piped(dump, '2>&1 | head -2')).toBe('0');
  });

  it('still ends with 20 for what it found damaged', async () => {
    expect(await piped(['verify', '--repository', damaged], '2>&1 | true')).toBe('20');
  });
});

describe('kops whose output goes to a full disk', () => {
  it.each([
    [['version', '--json']],
    [['archives', '--help']],
    [['archives', 'list', '--repository', '$WHOLE']],
    [['export', '--repository', '$WHOLE', '--topic', 'orders']],
  ])('ends with 32 and one error: %j', async (args) => {
    const filled = args.map((arg) => arg.replace('$WHOLE', repository));
    const { code, stderr } = await toFullDisk(filled);
    expect(code).toBe(32);
    expect(stderr.split('\n')).toEqual([
      'Error: No space left: cannot write to standard output: ENOSPC: no space left on device, write',
      expect.stringMatching(/^Try: {3}Redirect the output/),
      'Code:  KOPS_NO_SPACE (exit 32)',
      '',
    ]);
  });

  it('reports only the failure of a command that fails anyway', async () => {
    const { code, stderr } = await toFullDisk([
      'archives',
      'list',
      '--json',
      '--repository',
      '/no',
    ]);
    expect(code).toBe(10);
    expect(stderr.match(/^Error:/gm)).toHaveLength(1);
  });

  it('ends with 20 rather than 32 where damage was found', async () => {
    expect((await toFullDisk(['verify', '--repository', damaged])).code).toBe(20);
  });

  it('is no failure for what is logged', async () => {
    const child = spawn(
      'bash',
      ['-c', '"$0" "$@" 2> /dev/full', process.execPath, program, 'nope'],
      { env: cleanEnv(), stdio: 'ignore' },
    );
    expect(await once(child, 'close')).toEqual([2, null]);
  });
});

describe("kops drill on a cluster of one's own", () => {
  it('ends with 30 when no broker answers, and does not hide that behind the clean-up', async () => {
    const { code, stderr } = await runKops([
      ...['drill', '--sandbox', 'external', '--bootstrap-server', '127.0.0.1:1'],
      ...['--repository', repository, '--report-dir', folder],
    ]);
    expect(code).toBe(30);
    expect(stderr).toContain('Error: Kafka cannot be reached: no broker can be reached');
    expect(stderr).not.toMatch(/suppressed|Also:|left on the cluster/);
  });
});
