import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { errorTable } from '@kops/core';
import { connectKafka, type KafkaClient } from '@kops/kafka';
import { parseRepositoryUrl } from '@kops/object-store';
import {
  describePlan,
  restoreExitCode,
  restorePlanToJson,
  restoreResultToJson,
  type RestoreOptions,
  type RestorePlan,
  type RestoreProgress,
} from '@kops/restore';
import type { Archive } from '@kops/repository';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import { ProgressLine } from '../output/progress.ts';
import { describeHeldRetention } from '../render/held-retention.ts';
import { renderRestoreResult } from '../render/restore-result.ts';
import { chooseRun } from '../restore/choose-run.ts';
import { restoreOptions } from '../restore/restore-options.ts';
import { requestOf, resumedOptions } from '../restore/restore-request.ts';
import { findRuns, hasState, type StoredRun } from '../restore/restore-runs.ts';
import { runRestore, type RestoreWork } from '../restore/run-restore.ts';
import { commonSettings } from '../settings/common-settings.ts';
import { repositoryUrls } from '../settings/connection-settings.ts';
import {
  aboutArchive,
  openConfiguredArchive,
  openConfiguredRepository,
} from '../settings/connections.ts';
import {
  archive,
  bootstrapServer,
  cluster,
  elasticsearch,
  exclude,
  groups,
  reportDir,
  repository,
  topics,
} from '../settings/flags.ts';
import { targetCluster } from '../settings/target-cluster.ts';
import { instant } from '../settings/value-flags.ts';

/** What `kops restore` did. */
interface RestoreCommandResult {
  readonly plan: Record<string, unknown>;
  /** Null for a dry run. */
  readonly result: Record<string, unknown> | null;
  /** Absolute path of the report; null for a dry run. */
  readonly report: string | null;
}

export default class Restore extends KopsCommand<typeof Restore, RestoreCommandResult> {
  static override summary = 'Restore topics and consumer groups of an archive into a cluster.';
  static override description =
    'Creates the topics, fills them with the archived record batches, and sets the offsets of consumer groups so that each group continues at its next record. Never writes to a topic that already has records. ' +
    '--resume resumes a stopped restore with the archive and the flags of its first run. --bootstrap-server is required; TLS and SASL settings come from the configuration.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 archive or topic not found, or no record in the window, 12 rejected (the target has records, or offsets cannot be exact), 20 damaged data or offsets that do not match, 21 restore incomplete, 30 unreachable, 31 denied, 130 interrupted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --archive latest --bootstrap-server new-kafka:9092 --dry-run',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --archive latest --bootstrap-server new-kafka:9092',
    "<%= config.bin %> <%= command.id %> --repository /backups/kafka --bootstrap-server kafka:9092 --from-search 'kafka.value.customer:c-42' --topics orders --into orders-c-42 --dry-run",
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --bootstrap-server kafka:9092 --topics orders --rename orders=orders-restored --groups none --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z',
  ];
  static override flags = {
    repository,
    archive,
    cluster,
    'bootstrap-server': bootstrapServer,
    topics,
    exclude,
    rename: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'New name of a topic; repeat the flag for more topics.',
      helpValue: 'FROM=TO',
    }),
    from: instant({ summary: 'Only records with this timestamp or later.', helpValue: 'TIME' }),
    to: instant({
      summary: 'Only records with an earlier timestamp than this.',
      helpValue: 'TIME',
    }),
    method: Flags.option({
      options: ['produce'] as const,
      default: 'produce' as const,
      summary: 'How records are written.',
    })(),
    offsets: Flags.option({
      options: ['auto', 'exact', 'mapped'] as const,
      default: 'auto' as const,
      summary:
        'exact keeps the source offsets; mapped assigns new ones and translates committed offsets.',
    })(),
    groups,
    'from-search': Flags.string({
      summary:
        'Only the records that this query finds in the catalog (see kops search), within the given topics and times.',
      helpValue: 'QUERY',
      exclusive: ['groups', 'resume'],
    }),
    into: Flags.string({
      summary: 'With --from-search: target topic; all found records must come from one topic.',
      helpValue: 'TOPIC',
      dependsOn: ['from-search'],
      exclusive: ['rename'],
    }),
    elasticsearch,
    'dry-run': Flags.boolean({ summary: 'Print the plan and change nothing.' }),
    resume: Flags.boolean({
      summary:
        'Resume the unfinished restore from this repository into this cluster; works in any directory.',
    }),
    'hold-retention': Flags.boolean({
      summary:
        'Keep time and size retention off after the restore, so that old records are not deleted. kops prints the command that restores the settings.',
    }),
    'replication-factor': Flags.integer({
      min: 1,
      summary:
        'Replication factor of created topics. Default: that of the source, at most the number of brokers.',
      helpValue: 'N',
    }),
    'report-dir': reportDir,
  };

  readonly #progress = new ProgressLine();

  protected override readonly isAudited = true;

  protected override settingsOf(flags: FlagsOf<typeof Restore>): Record<string, unknown> {
    return commonSettings(flags);
  }

  protected async execute(signal: AbortSignal): Promise<RestoreCommandResult> {
    const { flags } = this;
    await using kafka = await connectKafka({
      ...(await targetCluster(this.settings, flags['bootstrap-server'])),
      logger: this.createLogger(),
    });
    const resumed = flags.resume ? await this.#findRun(kafka) : undefined;
    const archive = this.reads(
      await openConfiguredArchive(this.settings, {
        ...flags,
        ...(resumed === undefined ? {} : { archive: resumed.run.archive, cluster: undefined }),
      }),
    );
    this.about = aboutArchive(archive);
    const request = resumed?.run.request ?? requestOf(flags);
    const options =
      resumed === undefined
        ? await this.#options(archive, signal)
        : await resumedOptions(request, resumed.run.choice, {
            hasState: await hasState(resumed),
          });
    const surroundings = this.#surroundings();
    const work = { archive, kafka, options, request, resumed, surroundings, signal };
    const { plan, result, report } = await runRestore(
      { ...work, dryRun: flags['dry-run'] },
      {
        onPlan: (made) => this.#onPlan(made),
        onProgress: (progress) => this.#onProgress(progress),
      },
    ).finally(() => this.#progress.clear());
    if (result === null || report === null) {
      const [refusal] = plan.refusals;
      if (refusal !== undefined) this.endWith(errorTable[refusal.code].exit);
      return { plan: restorePlanToJson(plan), result: null, report: null };
    }
    const finishedAt = resumed?.run.finishedAt ?? null;
    const lines = renderRestoreResult(result, report, { known: plan.warnings, finishedAt });
    this.print([...describeHeldRetention(plan, flags['bootstrap-server'] ?? ''), ...lines]);
    this.endWith(restoreExitCode(result));
    return { plan: restorePlanToJson(plan), result: restoreResultToJson(result), report };
  }

  /** The run to continue, whatever archive is the latest by now. */
  async #findRun(kafka: KafkaClient): Promise<StoredRun> {
    const repository = await openConfiguredRepository(this.settings);
    const { clusterId: targetCluster } = await kafka.describeCluster();
    const runs = await findRuns(repository.info.id, targetCluster);
    const { archive } = this.flags;
    return chooseRun(runs, { archive, request: requestOf(this.flags), targetCluster });
  }

  #surroundings(): RestoreWork['surroundings'] {
    const {
      config,
      'report-dir': reportDir,
      'bootstrap-server': bootstrapServer = '',
    } = this.flags;
    const [url = ''] = repositoryUrls(this.settings);
    return {
      repository: parseRepositoryUrl(url).directory,
      bootstrapServer,
      config: config === undefined ? null : resolve(config),
      reportDir: reportDir === undefined ? null : resolve(reportDir),
    };
  }

  async #options(archive: Archive, signal: AbortSignal): Promise<RestoreOptions> {
    const { 'from-search': query, into, ...flags } = this.flags;
    if (query === undefined) return restoreOptions(flags);
    const { chooseFound } = await import('../restore/choose-found.ts');
    return chooseFound(this.settings, { ...flags, query, into }, archive, signal);
  }

  /** The plan is the result of a dry run, and else what goes before. */
  #onPlan(plan: RestorePlan): void {
    if (this.flags['dry-run']) this.print(describePlan(plan));
    else for (const line of describePlan(plan)) this.#progress.note(line);
  }

  #onProgress({ phase, partitionsDone, partitions, bytes, totalBytes }: RestoreProgress): void {
    if (phase !== 'fill') return;
    this.#progress.update({
      label: 'restore',
      done: BigInt(bytes),
      total: BigInt(totalBytes),
      bytes: BigInt(bytes),
      detail: `${String(partitionsDone)}/${String(partitions)} partitions`,
    });
  }
}
