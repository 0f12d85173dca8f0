import { KopsError, silentLogger, type Clock } from '@kops/core';
import type { BackupEvent, OperatorApi, StartBackup, StartedBackup } from '@kops/transport';
import { expect, it } from 'vitest';
import { runStandingBackups } from './standing-backups.ts';

const request = { cluster: 'shop', topics: ['orders'] } as unknown as StartBackup;

/** An operator whose backups end as told, each after so many ms; the archiver stops when there is no more. */
function scripted(ends: { readonly ms: number; readonly error?: KopsError }[]): {
  readonly operator: Pick<OperatorApi, 'startBackup' | 'watchBackup'>;
  readonly clock: Clock;
  readonly stop: AbortController;
  /** When backups were started, in ms. */
  readonly starts: number[];
} {
  let at = 0;
  const stop = new AbortController();
  const starts: number[] = [];
  const clock: Clock = {
    now: () => at,
    monotonic: () => at,
    sleep: (ms) => {
      at += ms;
      return Promise.resolve();
    },
  };
  const operator = {
    startBackup: () => {
      starts.push(at);
      return Promise.resolve({ backupId: String(starts.length) } as StartedBackup);
    },
    watchBackup: async function* (): AsyncGenerator<BackupEvent> {
      const end = ends.shift();
      at += end?.ms ?? 0;
      if (ends.length === 0) stop.abort();
      yield end?.error === undefined ? { type: 'finished' } : { type: 'failed', error: end.error };
    },
  };
  return { operator, clock, stop, starts };
}

const away = new KopsError('KOPS_KAFKA_UNREACHABLE', 'away');

it('starts a snapshot at every interval, counted from start to start', async () => {
  const { operator, clock, stop, starts } = scripted([{ ms: 10_000 }, { ms: 90_000 }, { ms: 1 }]);
  const options = { operator, clock, signal: stop.signal, logger: silentLogger };
  await runStandingBackups({ nightly: { request, intervalMs: 60_000 } }, options);
  expect(starts).toEqual([0, 60_000, 150_000]);
});

it('starts a failed backup again without end, a minute later at most', async () => {
  const failures = Array.from({ length: 9 }, () => ({ ms: 0, error: away }));
  const { operator, clock, stop, starts } = scripted([...failures, { ms: 1, error: away }]);
  const options = { operator, clock, signal: stop.signal, logger: silentLogger };
  await runStandingBackups({ shop: { request } }, options);
  const pauses = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
});

it('names the setting of a configured backup in its log lines, and the backup that it is now', async () => {
  const lines: unknown[] = [];
  const log = (message: string, fields?: object): void => void lines.push({ message, ...fields });
  const logger = { ...silentLogger, info: log, error: log };
  const { operator, clock, stop } = scripted([{ ms: 0, error: away }, { ms: 0 }]);
  await runStandingBackups(
    { nightly: { request, intervalMs: 60_000 } },
    { operator, clock, signal: stop.signal, logger },
  );
  const setting = 'backups.nightly';
  expect(lines).toMatchObject([
    { message: 'the configured backup runs', setting, backup: '1' },
    { message: 'the configured backup failed, retrying in 1 s: away', setting },
    { message: 'the configured backup runs', setting, backup: '2' },
  ]);
});

it('leaves a follow that an operator stopped alone', async () => {
  const { operator, clock, stop, starts } = scripted([{ ms: 5 }, { ms: 5 }]);
  const options = { operator, clock, signal: stop.signal, logger: silentLogger };
  await runStandingBackups({ shop: { request } }, options);
  expect(starts).toEqual([0]);
});
