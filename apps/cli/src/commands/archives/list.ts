import type { ListedArchive } from '../../archives/list-archives.ts';
import { listArchives } from '../../archives/list-archives.ts';
import { KopsCommand, type FlagsOf } from '../../kops-command.ts';
import { writeNotice } from '../../output/notice.ts';
import { describeFailure } from '../../output/report-failure.ts';
import { renderArchiveList } from '../../render/archive-list.ts';
import { commonSettings } from '../../settings/common-settings.ts';
import { openConfiguredRepository } from '../../settings/connections.ts';
import { cluster, repository, topicNames } from '../../settings/flags.ts';

interface ArchivesListResult {
  readonly repository: string;
  readonly archives: readonly ListedArchive[];
}

export default class ArchivesList extends KopsCommand<typeof ArchivesList, ArchivesListResult> {
  static override summary = 'List the archives of a repository, newest last.';
  static override description =
    'Shows the topics, partitions, records, bytes and losses of each archive and the archive that it extends. An archive with a damaged manifest is listed as unreadable. --topics lists only archives that contain such a topic.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 repository, cluster or topic not found, 12 manifest of a newer format, 20 damaged manifest or commit, 30 storage unreachable, 31 denied.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka',
    "<%= config.bin %> <%= command.id %> --repository /backups/kafka --topics 'orders*'",
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --cluster MkU3OEVBNTcwNTJENDM2Qg --json',
  ];
  static override flags = { repository, cluster, topics: topicNames };

  protected override settingsOf(flags: FlagsOf<typeof ArchivesList>): Record<string, unknown> {
    return commonSettings(flags);
  }

  protected async execute(signal: AbortSignal): Promise<ArchivesListResult> {
    const opened = await openConfiguredRepository(this.settings);
    const { failures, ...list } = await listArchives(opened, {
      cluster: this.flags.cluster,
      topics: this.flags.topics,
      signal,
    });
    this.print(renderArchiveList({ ...list, failures }));
    for (const failure of failures) writeNotice(describeFailure(failure).trimEnd());
    if (failures[0] !== undefined) this.endWith(failures[0].exitCode);
    return list;
  }
}
