import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves with the exit code (or signal) and all output. */
  readonly ended: Promise<{ code: number | NodeJS.Signals | null; out: string; err: string }>;
}

const running: Running[] = [];
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
});

async function start(...args: string[]): Promise<Running> {
  const script = join(import.meta.dirname, 'children', 'stoppable.ts');
  const child = spawn(process.execPath, ['--conditions=@kops/source', script, ...args], {
    stdio: 'pipe',
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (err += piece.toString()));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: (code ?? signal) as number,
    out,
    err,
  }));
  running.push({ child, ended });
  await once(child.stdout, 'data');
  return { child, ended };
}

describe('runUntilStopped', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('lets the work end well after %s', async (signal) => {
    const { child, ended } = await start('orderly');
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 0, out: 'ready\ncleaned up\n', err: '' });
  });

  it('ends with 130 when the work was interrupted', async () => {
    const { child, ended } = await start('interrupted');
    child.kill('SIGTERM');
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(JSON.parse(err)).toMatchObject({
      level: 'info',
      code: 'KOPS_INTERRUPTED',
      msg: 'stopped: SIGTERM',
    });
  });

  it('ends at once with 130 at the second signal', async () => {
    const { child, ended } = await start('deaf');
    child.kill('SIGINT');
    await sleep(200);
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });

  it('ends with 130 when the work does not end in time', async () => {
    const { child, ended } = await start('deaf', '100');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(130);
  });

  it('stops when the parent is gone', async () => {
    const { child, ended } = await start('orderly');
    child.stdin.end();
    expect(await ended).toMatchObject({ code: 0, out: 'ready\ncleaned up\n' });
  });

  it('ends by itself when the work does, although the parent lives', async () => {
    const { ended } = await start('ends');
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    [
      'fails',
      32,
      { code: 'KOPS_NO_SPACE', msg: 'stopped: no room', error: { hint: 'Make room.' } },
    ],
    ['throwsElsewhere', 11, { code: 'KOPS_FENCED', msg: 'uncaught error: from a timer' }],
    [
      'rejectsElsewhere',
      1,
      { msg: 'uncaught error: nobody listens', error: { code: 'KOPS_UNEXPECTED' } },
    ],
  ])('reports an error and ends with its exit code: %s', async (manner, exitCode, line) => {
    const { code, err } = await (await start(manner)).ended;
    expect(code).toBe(exitCode);
    expect(JSON.parse(err)).toMatchObject({ level: 'error', ...line });
  });
});
