/** Runs until stopped, in the manner that the first argument names. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KopsError } from '@kops/core';
import { runUntilStopped } from '../../src/index.ts';

const manners: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>> = {
  /** Ends well once it is told to. */
  async orderly(signal) {
    await aborted(signal);
    process.stdout.write('cleaned up\n');
  },
  /** Fails with the reason of the abort. */
  async interrupted(signal) {
    await aborted(signal);
    throw signal.reason as Error;
  },
  /** Does not listen. */
  async deaf() {
    await sleep(30_000);
  },
  async ends() {
    await sleep(1);
  },
  async fails() {
    await sleep(1);
    throw new KopsError('KOPS_NO_SPACE', 'no room', { hint: 'Make room.' });
  },
  async throwsElsewhere() {
    setTimeout(() => {
      throw new KopsError('KOPS_FENCED', 'from a timer');
    }, 1);
    await sleep(30_000);
  },
  async rejectsElsewhere() {
    void Promise.reject(new Error('nobody listens'));
    await sleep(30_000);
  },
};

async function aborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => undefined, 1000);
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  clearInterval(alive);
}

const [manner = '', graceMs = '60000'] = process.argv.slice(2);

async function main(signal: AbortSignal): Promise<void> {
  process.stdout.write('ready\n');
  await manners[manner]?.(signal);
}

await runUntilStopped(main, { parent: process.stdin, graceMs: Number(graceMs) });
