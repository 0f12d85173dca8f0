import { describeArchive, type ArchiveDetail } from '../../archives/archive-detail.ts';
import { KopsCommand, type FlagsOf } from '../../kops-command.ts';
import { renderArchiveDetail } from '../../render/archive-detail.ts';
import { commonSettings } from '../../settings/common-settings.ts';
import { openConfiguredArchive } from '../../settings/connections.ts';
import { archive, cluster, repository, topicNames } from '../../settings/flags.ts';

export default class ArchivesShow extends KopsCommand<typeof ArchivesShow, ArchiveDetail> {
  static override summary =
    'Show the contents of an archive: topics, partitions, losses, groups, copies.';
  static override description =
    'For each partition: its offsets (log start and cut), records, holes (offsets without a record in the log), losses, bytes, and whether it was captured from its start (baseline) or extends the parent. ' +
    '--topics also shows the configs of the topic and the committed offsets of groups.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 archive, topic or repository not found, 12 manifest of a newer format, 20 damaged manifest, 30 storage unreachable, 31 denied.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --archive latest --topics orders',
  ];
  static override flags = { repository, archive, cluster, topics: topicNames };

  protected override settingsOf(flags: FlagsOf<typeof ArchivesShow>): Record<string, unknown> {
    return commonSettings(flags);
  }

  protected async execute(): Promise<ArchiveDetail> {
    const { topics = [] } = this.flags;
    const detail = describeArchive(
      this.reads(await openConfiguredArchive(this.settings, this.flags)),
      topics,
    );
    this.print(renderArchiveDetail(detail, { byTopic: topics.length > 0 }));
    return detail;
  }
}
