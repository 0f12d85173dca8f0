import { KopsError } from '@kops/core';
import type { StartedBackup } from '@kops/transport';

/**
 * What an interrupted snapshot at a standing archiver is told by: the backup is the archiver's and goes on without its watcher.
 * @param started what the archiver answered; undefined when it had not
 */
export function goesOn(started: StartedBackup | undefined, cause: unknown): KopsError {
  const what =
    started === undefined
      ? 'interrupted before the archiver answered: the archiver may have begun the backup'
      : `no longer watched: backup ${started.backupId} goes on at the archiver`;
  return new KopsError('KOPS_INTERRUPTED', what, {
    hint: "Its archive shows in 'kops archives list' when it is done. Until then another backup of this cluster is refused; stop the archiver to give it up, what is durable is kept.",
    cause,
  });
}
