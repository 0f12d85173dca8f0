import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@kops/core';
import { thisProcess, type ProcessIdentity } from '@kops/object-store/owner';
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
const leave = async (owner: Partial<ProcessIdentity>): Promise<void> =>
  writeFile(path, JSON.stringify({ token: 't', ...(await thisProcess()), ...owner }));

/** Time that passes while somebody sleeps; `onSleep` is what others do meanwhile. */
function clockWith(onSleep: (at: number) => Promise<void>): Clock {
  let at = 0;
  return {
    now: () => at,
    monotonic: () => at,
    sleep: async (ms) => {
      at += ms;
      await onSleep(at);
    },
  };
}

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
    await leave({ pid, startTicks: 1 });
    await (await StateLock.acquire(path))[Symbol.asyncDispose]();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await leave({ pid });
    await using lock = await StateLock.acquire(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(lock).toBeDefined();
  });

  it.each([
    { where: 'on another host', owner: { host: 'elsewhere', bootId: 'another' } },
    { where: 'in another PID namespace of this host', owner: { pidNamespace: 'pid:[1]' } },
  ])('$where holds while its owner gives signs of life, by whatever clock', async ({ owner }) => {
    // The pid is that of no process here.
    await leave({ ...owner, pid: 2 ** 22 - 1 });
    let beats = 0;
    const beating = clockWith(async () => {
      // The owner's clock is years behind.
      const time = new Date(++beats * 5_000);
      await utimes(path, time, time);
    });
    await expect(StateLock.acquire(path, beating)).rejects.toEqual(held);
    const silent = clockWith(() => Promise.resolve());
    await using lock = await StateLock.acquire(path, silent);
    expect(silent.monotonic()).toBe(20_000);
    await lock.check();
  });

  it('tells an owner that only stood still that the state is another one’s', async () => {
    await using lock = await StateLock.acquire(path);
    await lock.check();
    await rm(path);
    await leave({ pidNamespace: 'pid:[1]' });
    await expect(lock.check()).rejects.toMatchObject({ code: 'KOPS_FENCED', exitCode: 11 });
  });
});
