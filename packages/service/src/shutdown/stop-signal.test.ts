import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { wasHungUp, withStopSignal } from './stop-signal.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const listeners = (): number => signals.reduce((sum, name) => sum + process.listenerCount(name), 0);

describe('withStopSignal', () => {
  it('gives back what the work gives, and leaves nothing behind', async () => {
    const before = listeners();
    const parent = new PassThrough();
    const result = await withStopSignal(
      (signal) => {
        expect(listeners()).toBe(before + 3);
        return Promise.resolve(signal.aborted);
      },
      { parent },
    );
    expect(result).toBe(false);
    expect(listeners()).toBe(before);
    expect(parent.listenerCount('end')).toBe(new PassThrough().listenerCount('end'));
  });

  it('passes the error of the work on', async () => {
    const error = new Error('x');
    await expect(withStopSignal(() => Promise.reject(error))).rejects.toBe(error);
  });

  it('aborts with KOPS_INTERRUPTED when the parent breaks off', async () => {
    const parent = new PassThrough();
    const work = withStopSignal(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        }),
      { parent },
    );
    parent.destroy();
    await expect(work).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED', exitCode: 130 });
  });

  it('stops at a SIGHUP, and not at once at a second one', async () => {
    const exits: number[] = [];
    const work = withStopSignal(
      async (signal) => {
        process.emit('SIGHUP', 'SIGHUP');
        process.emit('SIGHUP', 'SIGHUP');
        await Promise.resolve();
        return wasHungUp(signal) && signal.aborted;
      },
      { exit: (code) => exits.push(code) },
    );
    expect(await work).toBe(true);
    expect(exits).toEqual([]);
  });

  it('takes no SIGHUP for a stop where it only calls back', async () => {
    let called = 0;
    const aborted = await withStopSignal(
      (signal) => {
        process.emit('SIGHUP', 'SIGHUP');
        return Promise.resolve(signal.aborted);
      },
      { hangup: () => called++ },
    );
    expect(aborted).toBe(false);
    expect(called).toBe(1);
  });
});
