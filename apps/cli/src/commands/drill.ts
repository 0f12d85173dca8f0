import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { KopsError } from '@kops/core';
import { describeDrillReport, drillExitCode, drillReportToJson, runDrill } from '@kops/drill';
import { DrillObserver } from '../drill/drill-progress.ts';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import { withVerdict } from '../output/colour.ts';
import type { Continuation } from '../output/same-command.ts';
import { ProgressLine } from '../output/progress.ts';
import { defaultReportDir } from '../reports/write-report.ts';
import { commonSettings } from '../settings/common-settings.ts';
import { aboutArchive, openConfiguredArchive } from '../settings/connections.ts';
import {
  archive,
  bootstrapServer,
  cluster,
  reportDir,
  repository,
  rpo,
  rto,
  sandbox,
  topics,
} from '../settings/flags.ts';
import { targetCluster } from '../settings/target-cluster.ts';

export default class Drill extends KopsCommand<typeof Drill, Record<string, unknown>> {
  static override summary =
    'Prove that an archive can be recovered: restore it into a throwaway Kafka and compare everything.';
  static override description =
    'Starts a throwaway Kafka, restores the archive into it, reads it back and compares every record, group offset and config with the archive. Writes a report with the measured recovery point and recovery time.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 archive not found, 20 content differs or nothing was compared, 21 the archive records losses, 22 objective missed, 30 cannot start a throwaway Kafka, 32 no space, 130 interrupted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --archive latest --sandbox jvm --self-test --rpo 1h --rto 15m --report-dir reports',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --sandbox external --bootstrap-server test-kafka:9092',
  ];
  static override flags = {
    repository,
    archive,
    cluster,
    sandbox,
    'bootstrap-server': bootstrapServer,
    topics,
    'report-dir': reportDir,
    'self-test': Flags.boolean({
      summary: 'Also damage copies on purpose to prove that the comparison detects it.',
    }),
    rpo,
    rto,
  };

  protected override readonly isAudited = true;

  protected override settingsOf(flags: FlagsOf<typeof Drill>): Record<string, unknown> {
    return commonSettings(flags);
  }

  protected override continuation(): Continuation {
    return { text: 'The drill has deleted everything that it created. Run it again with' };
  }

  protected async execute(signal: AbortSignal): Promise<Record<string, unknown>> {
    const { sandbox, topics, rpo, rto, 'bootstrap-server': server } = this.flags;
    if (server !== undefined && sandbox !== 'external') {
      throw new KopsError('KOPS_USAGE', '--bootstrap-server needs --sandbox external', {
        hint: 'Add --sandbox external to use that cluster, or remove --bootstrap-server.',
      });
    }
    const opened = this.reads(await openConfiguredArchive(this.settings, this.flags));
    this.about = aboutArchive(opened);
    const reportDir = this.flags['report-dir'] ?? defaultReportDir;
    const line = new ProgressLine();
    const report = await runDrill({
      archive: opened,
      ...(sandbox === undefined ? {} : { sandbox }),
      ...(sandbox === 'external' ? { kafka: await targetCluster(this.settings, server) } : {}),
      ...(topics === undefined ? {} : { topics }),
      reportDir,
      objectives: {
        ...(rpo === undefined ? {} : { rpoMs: rpo }),
        ...(rto === undefined ? {} : { rtoMs: rto }),
      },
      selfTest: this.flags['self-test'],
      onProgress: new DrillObserver(line).onProgress,
      signal,
      logger: this.createLogger(),
    });
    line.clear();
    this.about = { ...this.about, drill: report };
    const path = resolve(reportDir, `drill-${report.archive}.json`);
    this.print([
      ...withVerdict(describeDrillReport(report), drillExitCode(report)),
      `Report: ${path}`,
    ]);
    this.endWith(drillExitCode(report));
    return { ...drillReportToJson(report), report: path };
  }
}
