import { KopsError, silentLogger, type Clock } from '@kops/core';
import { createMemoryStore } from '@kops/object-store/memory';
import { createRepository } from '@kops/repository';
import { expect, it } from 'vitest';
import { beginJournal, clusterId } from '../test/fixture.ts';
import { readCaptures } from './capture-record.ts';
import { Heartbeat } from './heartbeat.ts';

/** Time that passes by hand. */
function handClock(): Clock & { readonly tick: () => void; readonly sleeps: () => number } {
  let wake = Promise.withResolvers<void>();
  let slept = 0;
  return {
    now: () => 0,
    monotonic: () => 0,
    sleep: async (_, signal) => {
      slept++;
      signal?.addEventListener('abort', () => wake.resolve(), { once: true });
      await wake.promise;
    },
    tick: () => {
      wake.resolve();
      wake = Promise.withResolvers();
    },
    sleeps: () => slept,
  };
}

it('gives signs of life, outlasts a store that fails, and tells that another backup has taken over', async () => {
  const store = createMemoryStore();
  const repository = await createRepository(store);
  const journal = await beginJournal([store]);
  const clock = handClock();
  let isBroken = false;
  const heartbeat = new Heartbeat({
    journal: {
      capture: journal.capture,
      beat: () =>
        isBroken
          ? Promise.reject(new KopsError('KOPS_STORAGE_UNREACHABLE', 'away'))
          : journal.beat(),
    },
    repositories: [repository],
    clock,
    logger: silentLogger,
  });
  const beat = async (): Promise<string | undefined> => {
    const before = clock.sleeps();
    clock.tick();
    await expect.poll(clock.sleeps).toBe(before + 1);
    return (await readCaptures(store))[0]?.sign;
  };
  await expect.poll(clock.sleeps).toBe(1);
  const first = await beat();
  isBroken = true;
  expect(await beat()).toBe(first);
  isBroken = false;
  const last = await beat();
  expect(last).not.toBe(first);
  await repository.fenceSeries([journal.capture], { cluster: clusterId });
  clock.tick();
  expect(await heartbeat.fenced).toMatchObject({ code: 'KOPS_FENCED', exitCode: 11 });
  expect((await readCaptures(store))[0]?.sign).toBe(last);
  await heartbeat.stop();
});
