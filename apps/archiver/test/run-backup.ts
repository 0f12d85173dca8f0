import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { KopsError } from '@kops/core';
import type {
  BackupEvent,
  CommittedArchive,
  OperatorApi,
  StartBackup,
  StartedBackup,
} from '@kops/transport';
import { clusterName } from './station.ts';

/** A backup that was started. */
export interface RunningBackup {
  readonly started: StartedBackup;
  /** All events but progress, so far. */
  readonly events: readonly BackupEvent[];
  /** Resolves with the archives when it has ended well, rejects with what it failed with. */
  readonly done: Promise<CommittedArchive[]>;
  readonly notices: readonly string[];
}

/** Starts a backup and watches it. */
export async function startBackup(
  operator: OperatorApi,
  topics: readonly string[],
  request: Partial<StartBackup> = {},
): Promise<RunningBackup> {
  const started = await operator.startBackup({
    cluster: clusterName,
    repositories: ['0'],
    topics,
    exclude: [],
    ack: 'sync',
    isolation: 'read_committed',
    follow: false,
    generationIntervalMs: 500,
    outageLimitMs: null,
    dryRun: false,
    allowEmpty: false,
    strict: false,
    expectPurge: [],
    ...request,
  });
  const events: BackupEvent[] = [];
  const notices: string[] = [];
  const watch = async (): Promise<CommittedArchive[]> => {
    const archives: CommittedArchive[] = [];
    for await (const event of operator.watchBackup(started.backupId)) {
      if (event.type === 'progress') continue;
      events.push(event);
      if (event.type === 'notice') notices.push(event.text);
      if (event.type === 'committed') archives.push(event);
      if (event.type === 'failed') throw event.error;
    }
    return archives;
  };
  const done = watch();
  // Whoever wants to know awaits it; a test that kills the archiver does not.
  done.catch(() => undefined);
  return { started, events, done, notices };
}

/** Runs a backup to its end: its one archive. */
export async function backUp(
  operator: OperatorApi,
  topics: readonly string[],
  request: Partial<StartBackup> = {},
): Promise<CommittedArchive> {
  const { done } = await startBackup(operator, topics, request);
  const [archive] = await done;
  if (archive === undefined) throw new Error('the backup has committed nothing');
  return archive;
}

/** The error that a promise rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<KopsError> {
  try {
    await work;
  } catch (error) {
    return error as KopsError;
  }
  throw new Error('it did not fail');
}

/** Asks until the answer satisfies. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  isGood: (value: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (isGood(value)) return value;
    if (performance.now() > end)
      throw new Error(
        `did not come true within ${String(timeoutMs)} ms, at last: ${inspect(value, { depth: 4 }).slice(-4000)}`,
      );
    await sleep(50);
  }
}
