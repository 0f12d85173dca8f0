import type { StandingBackup } from '@kops/archiver';
import type { Config, StandingBackupConfig } from '@kops/service';

/** The backups of an archiver's configuration, as the archiver takes them. */
export function standingBackups(backups: Config['backups']): Record<string, StandingBackup> {
  return Object.fromEntries(
    Object.entries(backups).map(([name, backup]) => [name, standingBackup(backup)]),
  );
}

function standingBackup(backup: StandingBackupConfig): StandingBackup {
  const { cluster, repositories, topics = [], exclude = [], isolation, follow } = backup;
  const { generationIntervalMs, outageLimitMs = null, intervalMs, expectPurge = [] } = backup;
  const what = { cluster, repositories, topics, exclude, expectPurge, isolation, follow };
  return {
    request: {
      ...what,
      ack: 'sync',
      generationIntervalMs,
      outageLimitMs,
      dryRun: false,
      allowEmpty: false,
      strict: false,
    },
    ...(intervalMs === undefined ? {} : { intervalMs }),
  };
}
