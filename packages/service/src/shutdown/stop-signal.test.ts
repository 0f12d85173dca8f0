import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { withStopSignal } from './stop-signal.ts';

const listeners = (): number => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');

describe('withStopSignal', () => {
  it('gives back what the work gives, and leaves nothing behind', async () => {
    const before = listeners();
    const parent = new PassThrough();
    const result = await withStopSignal(
      (signal) => {
        expect(listeners()).toBe(before + 2);
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
});
