import type { Logger } from '@kops/core';
import type { BackupEvent, NoticeKind, StartBackup } from '@kops/transport';

/** Notices that an operator should see. */
const warnings: ReadonlySet<NoticeKind> = new Set<NoticeKind>([
  'loss',
  'kafka-lost',
  'agents-lost',
  'partition-failed',
  'topic-not-captured',
  'tombstones-may-be-gone',
]);

/** Writes to the log of an archiver that a backup has started. */
export function logStart(
  logger: Logger,
  backup: string,
  { cluster, repositories, topics, follow }: StartBackup,
): void {
  logger.info('backup started', {
    backup,
    cluster,
    repositories,
    topics: topics.length === 0 ? 'all' : topics,
    follow,
  });
}

/** Writes an event of a backup to the log of its archiver, where nobody may be watching. */
export function logEvent(logger: Logger, backup: string, event: BackupEvent): void {
  switch (event.type) {
    case 'notice':
      logger[warnings.has(event.kind) ? 'warn' : 'info'](event.text, { backup, kind: event.kind });
      return;
    case 'committed': {
      const { archive, generation, topics, partitions, records, newSegments, newBytes, losses } =
        event;
      const counts = { topics, partitions, newSegments, losses };
      logger[losses > 0 ? 'warn' : 'info']('archive committed', {
        backup,
        archive,
        generation,
        ...counts,
        records: Number(records),
        newBytes: Number(newBytes),
      });
      return;
    }
    case 'finished':
      logger.info('backup finished', { backup });
      return;
    case 'failed': {
      const { code, message, hint } = event.error;
      logger.error(`backup failed: ${message}`, {
        backup,
        code,
        ...(hint === undefined ? {} : { hint }),
      });
      return;
    }
    case 'progress':
      return;
  }
}
