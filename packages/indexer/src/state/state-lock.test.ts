import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@kops/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateLock } from './state-lock.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kops-lock-'));
  path = join(directory, 'lock');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const held = expect.objectContaining({ code: 'KOPS_HELD' }) as Error;

/** A lock as another process would have left it. */
const leave = (owner: { host?: string; pid: number; started?: string }) =>
  writeFile(path, JSON.stringify({ token: 't', host: hostname(), started: '', ...owner }));

describe('the lock of a state', () => {
  it('has one owner, and is free again afterwards', async () => {
    {
      await using lock = await StateLock.acquire(path);
      expect(lock).toBeDefined();
      await expect(StateLock.acquire(path)).rejects.toMatchObject({
        code: 'KOPS_HELD',
        message: expect.stringContaining(String(process.pid)) as string,
      });
    }
    expect(await readdir(directory)).toEqual([]);
    await using lock = await StateLock.acquire(path);
    expect(await readdir(directory)).toEqual(['lock']);
    expect(lock).toBeDefined();
  });

  it('has one owner however many want it at once', async () => {
    await leave({ pid: 2 ** 22 - 1 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => StateLock.acquire(path)),
    );
    const owners = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(owners).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toEqual(held);
      else await outcome.value[Symbol.asyncDispose]();
  });

  it('of a process that was killed does not hold, nor of one whose id was given again', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const { pid = 0 } = child;
    // The id is that of a living process, which started at another time.
    await leave({ pid, started: 'then' });
    await (await StateLock.acquire(path))[Symbol.asyncDispose]();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await leave({ pid });
    await using lock = await StateLock.acquire(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(lock).toBeDefined();
  });

  it('of another host holds for as long as it gives signs', async () => {
    await leave({ host: 'elsewhere', pid: 1 });
    await expect(StateLock.acquire(path)).rejects.toEqual(held);
    const long = new Date(systemClock.now() - 120_000);
    await utimes(path, long, long);
    await using lock = await StateLock.acquire(path);
    expect(lock).toBeDefined();
  });
});
