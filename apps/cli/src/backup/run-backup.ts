import { KopsError } from '@kops/core';
import type {
  BackupEvent,
  CommittedArchive,
  OperatorApi,
  StartBackup,
  StartedBackup,
} from '@kops/transport';

/** What a finished backup is told by. */
export interface BackupOutcome {
  readonly started: StartedBackup;
  /** Archives that were committed, in order: one for a snapshot, any number of generations for a follow. */
  readonly archives: readonly CommittedArchive[];
  /** Whether the operator stopped it. */
  readonly stopped: boolean;
}

/** Who looks on. */
export interface BackupObserver {
  readonly onStarted: (started: StartedBackup) => void;
  readonly onEvent: (event: BackupEvent) => void;
}

const keptArchives = 1000;

/**
 * Runs a backup at an archiver and watches it to its end. When the signal is aborted a follow is stopped cleanly; a snapshot is only no longer watched.
 * @throws the error the backup failed with; KOPS_INTERRUPTED
 */
export async function runBackup(
  operator: OperatorApi,
  request: StartBackup,
  signal: AbortSignal,
  observer: BackupObserver,
): Promise<BackupOutcome> {
  const started = await operator.startBackup(request, signal);
  observer.onStarted(started);
  if (request.dryRun) return { started, archives: [], stopped: false };
  const archives: CommittedArchive[] = [];
  const stop = (): void => {
    // A failure to stop shows in the watching, which ends with the archiver.
    if (request.follow) operator.stopBackup(started.backupId).catch(() => undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    for await (const event of operator.watchBackup(
      started.backupId,
      request.follow ? undefined : signal,
    )) {
      observer.onEvent(event);
      if (event.type === 'failed') throw event.error;
      if (event.type === 'committed') archives.push(event);
      if (archives.length > keptArchives) archives.shift();
      if (event.type === 'finished') return { started, archives, stopped: signal.aborted };
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (signal.aborted) throw signal.reason;
  throw new KopsError(
    'KOPS_ARCHIVER_UNREACHABLE',
    'the archiver exited before the backup finished',
    {
      hint: 'Run the backup again: it resumes from the durable data.',
    },
  );
}
