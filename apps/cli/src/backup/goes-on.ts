import { KopsError } from '@kops/core';
import type { StartedBackup } from '@kops/transport';

/**
 * What an interrupted snapshot at a standing archiver is told by: the backup is the archiver's and goes on without its watcher.
 * @param started what the archiver answered; undefined when it had not
 */
export function goesOn(started: StartedBackup | undefined, cause: unknown): KopsError {
  const what =
    started === undefined
      ? 'interrupted before the archiver replied: the archiver has possibly started the backup'
      : `interrupted: backup ${started.backupId} continues on the archiver`;
  return new KopsError('KOPS_INTERRUPTED', what, {
    hint: "Run 'kops archives list' to see its archive when it has finished. Until then the archiver rejects other backups of this cluster. To cancel it, stop the archiver; durable data is kept.",
    cause,
  });
}
