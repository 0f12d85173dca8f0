import { Flags } from '@oclif/core';
import { KopsError } from '@kops/core';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import { ProgressLine } from '../output/progress.ts';
import { commonSettings } from '../settings/common-settings.ts';
import { aboutArchive, openConfiguredArchive } from '../settings/connections.ts';
import { archive, cluster, reportDir, repository } from '../settings/flags.ts';
import { verify, type VerifyResult } from '../verification/verify.ts';

export default class Verify extends KopsCommand<typeof Verify, VerifyResult> {
  static override summary = 'Check that an archive is complete and undamaged.';
  static override description =
    'Levels, each including the previous ones: manifest (commit log, manifest, lists, presence of every segment), checksum (every byte), structure (every batch: CRC, offsets, lineage), ' +
    'replay (restores the archive into a throwaway Kafka and compares everything, as a drill does).\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 archive not found, 12 manifest of a newer format, 20 damaged, 21 the archive records losses, 30 storage or throwaway Kafka unreachable, 31 denied, 130 interrupted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --archive latest --level checksum --subset 1/7',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --level replay --report-dir reports',
  ];
  static override flags = {
    repository,
    archive,
    cluster,
    level: Flags.option({
      options: ['manifest', 'checksum', 'structure', 'replay'] as const,
      default: 'structure' as const,
      summary: 'Depth of the checks.',
    })(),
    subset: Flags.string({
      summary:
        'Read only some of the segments: one of N parts (1/7 to 7/7 in seven runs read all), a share, or an amount.',
      helpValue: '1/7|5%|10GiB',
    }),
    'report-dir': reportDir,
  };

  protected override readonly isAudited = true;

  protected override settingsOf(flags: FlagsOf<typeof Verify>): Record<string, unknown> {
    return commonSettings(flags);
  }

  protected async execute(signal: AbortSignal): Promise<VerifyResult> {
    const { level, subset, 'report-dir': reportDir } = this.flags;
    if (subset !== undefined && level === 'manifest') {
      throw new KopsError('KOPS_USAGE', '--subset needs a --level that reads segments', {
        hint: 'Remove --subset, or use --level checksum, structure or replay.',
      });
    }
    const opened = this.reads(await openConfiguredArchive(this.settings, this.flags));
    this.about = aboutArchive(opened);
    const { result, lines, exit, drill } = await verify(
      { archive: opened, level, subset, reportDir, signal },
      new ProgressLine(),
    );
    this.print(lines);
    if (drill !== undefined) this.about = { ...this.about, drill };
    this.endWith(exit);
    return result;
  }
}
