import { KopsError, systemClock, toKopsError, type Clock, type Logger } from '@kops/core';
import type { OperatorApi, StartBackup } from '@kops/transport';

/** A backup that an archiver runs by itself. */
export interface StandingBackup {
  readonly request: StartBackup;
  /** Time from the start of one snapshot to the next, in ms; undefined for a follow. */
  readonly intervalMs?: number;
}

/** What {@link runStandingBackups} works with. */
export interface StandingBackupOptions {
  readonly operator: Pick<OperatorApi, 'startBackup' | 'watchBackup'>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** After a failure, in ms; doubles up to the most. */
const firstPauseMs = 1_000;
const mostPauseMs = 60_000;
/** A backup that ran for so long was well: the next failure is the first again. In ms. */
const wellAfterMs = 60_000;

/** Runs the backups of an archiver's configuration until the signal is aborted. A failure is logged and the backup is started again. Never rejects. */
export async function runStandingBackups(
  backups: Readonly<Record<string, StandingBackup>>,
  options: StandingBackupOptions,
): Promise<void> {
  await Promise.all(
    Object.entries(backups).map(([name, backup]) => keepRunning(name, backup, options)),
  );
}

async function keepRunning(
  name: string,
  { request, intervalMs }: StandingBackup,
  options: StandingBackupOptions,
): Promise<void> {
  const { signal, logger, clock = systemClock } = options;
  const isStopped = (): boolean => signal.aborted;
  const setting = `backups.${name}`;
  let failures = 0;
  while (!isStopped()) {
    const startedAt = clock.monotonic();
    let pauseMs: number;
    try {
      await runOnce(setting, request, options);
      if (intervalMs === undefined) {
        const message = 'the backup stopped; it resumes when the archiver starts';
        logger.info(message, { setting });
        return;
      }
      failures = 0;
      pauseMs = Math.max(0, intervalMs - (clock.monotonic() - startedAt));
    } catch (thrown) {
      if (isStopped()) return;
      if (clock.monotonic() - startedAt > wellAfterMs) failures = 0;
      pauseMs = Math.min(mostPauseMs, firstPauseMs * 2 ** failures);
      failures++;
      logFailure(logger, setting, toKopsError(thrown), pauseMs);
    }
    // Rejects when the archiver stops, which the loop sees.
    await clock.sleep(pauseMs, signal).catch(() => undefined);
  }
}

async function runOnce(
  setting: string,
  request: StartBackup,
  { operator, logger }: StandingBackupOptions,
): Promise<void> {
  const { backupId } = await operator.startBackup(request);
  logger.info('the configured backup runs', { setting, backup: backupId });
  for await (const event of operator.watchBackup(backupId)) {
    if (event.type === 'failed') throw event.error;
    if (event.type === 'finished') return;
  }
  throw new KopsError('KOPS_UNEXPECTED', 'the event stream ended before the backup finished');
}

function logFailure(
  logger: Logger,
  setting: string,
  { code, message, hint }: KopsError,
  pauseMs: number,
): void {
  const level = code === 'KOPS_HELD' ? 'warn' : 'error';
  const retry = `retrying in ${String(pauseMs / 1000)} s`;
  logger[level](`the configured backup failed, ${retry}: ${message}`, {
    setting,
    code,
    ...(hint === undefined ? {} : { hint }),
  });
}
