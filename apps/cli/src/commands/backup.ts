import { Flags } from '@oclif/core';
import { counted, formatCount, KopsError, systemClock, toKopsError } from '@kops/core';
import { formatBytes, formatDuration, wasHungUp } from '@kops/service';
import {
  connectOperator,
  type BackupEvent,
  type BackupProgress,
  type CommittedArchive,
  type OperatorApi,
  type StartBackup,
  type StartedBackup,
} from '@kops/transport';
import { CatalogFeed } from '../backup/catalog-feed.ts';
import { goesOn } from '../backup/goes-on.ts';
import { describeReasons } from '../backup/describe-reasons.ts';
import { runBackup, type BackupOutcome } from '../backup/run-backup.ts';
import { Embedded, embeddedCluster, wellAfterMs } from '../embedded/embedded.ts';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import type { Continuation } from '../output/same-command.ts';
import { coloured } from '../output/colour.ts';
import { namingRepository } from '../output/fit-hint.ts';
import { writeNotice } from '../output/notice.ts';
import { ProgressLine } from '../output/progress.ts';
import { formatTable } from '../output/table.ts';
import { refuseOtherMode } from '../backup/refuse-other-mode.ts';
import { archiverEndpoint } from '../settings/archiver-endpoint.ts';
import { kafkaOptions, repositoryUrls } from '../settings/connection-settings.ts';
import {
  bootstrapServer,
  elasticsearch,
  exclude,
  expectPurge,
  repositories,
  topics,
} from '../settings/flags.ts';
import { duration } from '../settings/value-flags.ts';

/** An embedded archiver that dies is started anew so many times; what was durable is continued. */
const maxArchiverStarts = 3;
/** Before that, in ms. */
const restartPauseMs = 500;

/** What the backup brought, and what became of the catalog if there is one. */
interface BackupResult extends BackupOutcome {
  readonly catalog?: Record<string, unknown>;
}

export default class Backup extends KopsCommand<typeof Backup, BackupResult> {
  static override summary = 'Back up topics and consumer groups into a repository.';
  static override description =
    'Stores the raw record batches of the brokers, byte for byte, and commits an archive that describes them. The next backup into the same ' +
    'repository stores only new data. The next backup resumes an interrupted one.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 topic not found or no topic to back up, 11 another backup is running, 20 damaged data, 21 records are lost, 30 unreachable, 31 denied, 32 no space, 130 interrupted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --bootstrap-server localhost:9092 --repository /backups/kafka',
    "<%= config.bin %> <%= command.id %> --bootstrap-server localhost:9092 --repository /backups/kafka --topics 'orders,payments-*' --dry-run",
    '<%= config.bin %> <%= command.id %> --bootstrap-server localhost:9092 --repository /backups/kafka --follow',
  ];
  static override flags = {
    'bootstrap-server': bootstrapServer,
    repository: repositories,
    topics,
    exclude,
    'expect-purge': expectPurge,
    ack: Flags.option({
      options: ['sync'] as const,
      summary: 'When data counts as archived: sync, as soon as all copies have it.',
    })(),
    isolation: Flags.option({
      options: ['read_committed', 'read_uncommitted'] as const,
      summary:
        'Back up to the last stable offset (read_committed) or the high watermark (read_uncommitted).',
    })(),
    follow: Flags.boolean({
      summary: 'Run until stopped and commit an archive (generation) at every interval.',
    }),
    'generation-interval': duration({
      summary: 'With --follow: time between generations, e.g. 1m.',
      helpValue: 'TIME',
      dependsOn: ['follow'],
    }),
    'outage-limit': duration({
      summary: 'With --follow: fail after an outage of this length. Default: no limit.',
      helpValue: 'TIME',
      dependsOn: ['follow'],
    }),
    archiver: Flags.string({
      summary:
        'Address of a running archiver; --cluster and --repository are then names in its configuration.',
      helpValue: 'HOST:PORT',
      exclusive: ['bootstrap-server', 'elasticsearch'],
    }),
    elasticsearch,
    cluster: Flags.string({ summary: 'With --archiver: name of the cluster.', helpValue: 'NAME' }),
    'allow-empty': Flags.boolean({
      summary: 'Commit an archive even if no topic is selected.',
    }),
    strict: Flags.boolean({
      summary: 'Fail at the first partition or group that cannot be captured completely.',
    }),
    'dry-run': Flags.boolean({ summary: 'Print the plan and do nothing.' }),
  };

  readonly #progress = new ProgressLine();
  #startedAt = 0;
  #committed = false;
  #hasStarted = false;
  #feed: CatalogFeed | undefined;
  /** The archive that tells of most losses: what is lost with a topic that comes to its end is not in later generations. */
  #lossy: CommittedArchive | undefined;

  protected override readonly isAudited = true;

  protected override settingsOf(flags: FlagsOf<typeof Backup>): Record<string, unknown> {
    return {
      'cluster.bootstrapServers': flags['bootstrap-server'],
      repository: flags.repository,
      'backup.topics': flags.topics,
      'backup.exclude': flags.exclude,
      'backup.expectPurge': flags['expect-purge'],
      'backup.ack': flags.ack,
      'backup.isolation': flags.isolation,
      'backup.generationIntervalMs': flags['generation-interval'],
      'backup.outageLimitMs': flags['outage-limit'],
      'archiver.address': flags.archiver,
      'catalog.elasticsearch.node': flags.elasticsearch,
    };
  }

  protected override continuation(): Continuation | undefined {
    // At a standing archiver the backup goes on, and the failure says so.
    return this.settings.archiver.address === undefined
      ? { text: 'Durable data is kept. Resume the backup with' }
      : undefined;
  }

  protected async execute(signal: AbortSignal): Promise<BackupResult> {
    this.#startedAt = performance.now();
    refuseOtherMode(this.flags, this.settings.archiver.address);
    if (this.settings.archiver.address !== undefined)
      return this.#conclude(await this.#runRemote(signal), signal);
    // Settings that cannot be are told before the backup, not after it.
    this.#feed = await CatalogFeed.of(this.settings, {
      logger: this.createLogger(),
      progress: this.#progress,
    });
    const outcome = this.#conclude(await this.#runEmbedded(signal), signal);
    if (this.#feed === undefined || this.flags['dry-run']) return outcome;
    const { lines, json } = await this.#feed.conclude(signal, this.flags.follow);
    this.print(lines);
    return { ...outcome, catalog: json };
  }

  #conclude(outcome: BackupOutcome, signal: AbortSignal): BackupOutcome {
    this.#progress.clear();
    if (this.flags['dry-run']) this.print(describePlan(outcome.started));
    // It has its last archive, but nobody asked it to end.
    if (this.flags.follow && wasHungUp(signal)) this.endWith(130);
    this.#tellLosses();
    return outcome;
  }

  #tellLosses(): void {
    const archive = this.#lossy;
    if (archive === undefined) return;
    const show = namingRepository(
      `kops archives show --archive ${archive.archive}`,
      this.repositoryHere,
    );
    writeNotice(
      `${coloured('warning', 'Losses recorded:', process.stderr)} ${formatCount(archive.losses)}; see '${show}'.`,
    );
    this.endWith(21);
  }

  async #runRemote(signal: AbortSignal): Promise<BackupOutcome> {
    await using operator = connectOperator(await archiverEndpoint(this.settings));
    const cluster = this.required(
      this.flags.cluster,
      '--cluster',
      'a cluster name of the archiver',
    );
    const names = this.required(
      this.settings.repository,
      '--repository',
      'a repository name of the archiver',
    );
    let started: StartedBackup | undefined;
    try {
      return await runBackup(operator, this.#request(cluster, names), signal, {
        onStarted: (answer) => this.#onStarted((started = answer)),
        onEvent: (event) => this.#onEvent(event),
      });
    } catch (error) {
      const isLeft = signal.aborted && KopsError.is(error, 'KOPS_INTERRUPTED');
      // A follow is stopped by its interruption, once the archiver has told which one it is.
      const isStopped = this.flags.follow && started !== undefined;
      if (!isLeft || isStopped || this.flags['dry-run']) throw error;
      throw goesOn(started, error);
    }
  }

  async #runEmbedded(signal: AbortSignal): Promise<BackupOutcome> {
    const urls = repositoryUrls(this.settings);
    const kafka = await kafkaOptions(this.settings);
    for (let start = 1; ; start++) {
      const startedAt = performance.now();
      await using embedded = await Embedded.start({
        kafka,
        repositories: urls,
        segmentBytes: this.settings.backup.segmentBytes,
        fileMode: Number.parseInt(this.settings.backup.fileMode, 8),
        logLevel: this.flags['log-level'] ?? 'error',
        onLine: (line) => {
          if (this.flags['log-level'] !== undefined) this.#progress.event(line);
        },
        onNotice: (text) => this.#progress.event(text),
      });
      try {
        return await this.#run(embedded.operator, this.#request(embeddedCluster, urls), signal);
      } catch (error) {
        const failure = toKopsError(error);
        if (performance.now() - startedAt > wellAfterMs) start = 1;
        if (signal.aborted || !this.#mayStartAgain(failure, start)) throw failure;
        this.#progress.event(`${failure.message}: restarting the backup; durable data is kept`);
        await systemClock.sleep(restartPauseMs, signal);
      }
    }
  }

  /** A follow that ran once also outlasts an outage in which its archiver is started again. */
  #mayStartAgain({ code }: KopsError, start: number): boolean {
    if (code === 'KOPS_ARCHIVER_UNREACHABLE') return start < maxArchiverStarts;
    const { outageLimitMs } = this.settings.backup;
    const isEndless = this.flags.follow && this.#hasStarted && outageLimitMs === undefined;
    return isEndless && code === 'KOPS_KAFKA_UNREACHABLE';
  }

  #run(operator: OperatorApi, request: StartBackup, signal: AbortSignal): Promise<BackupOutcome> {
    return runBackup(operator, request, signal, {
      onStarted: (started) => this.#onStarted(started),
      onEvent: (event) => this.#onEvent(event),
    });
  }

  #request(cluster: string, names: readonly string[]): StartBackup {
    const { backup } = this.settings;
    return {
      cluster,
      repositories: names,
      topics: backup.topics ?? [],
      exclude: backup.exclude ?? [],
      ack: backup.ack,
      isolation: backup.isolation,
      follow: this.flags.follow,
      generationIntervalMs: backup.generationIntervalMs,
      outageLimitMs: backup.outageLimitMs ?? null,
      dryRun: this.flags['dry-run'],
      allowEmpty: this.flags['allow-empty'],
      strict: this.flags.strict,
      expectPurge: backup.expectPurge ?? [],
    };
  }

  #onStarted(started: StartedBackup): void {
    this.#hasStarted = true;
    const baselines = started.partitions.filter(({ mode }) => mode === 'baseline').length;
    const parent =
      started.parent === null
        ? 'first archive of this cluster in this repository'
        : `extends ${started.parent}`;
    this.#progress.event(
      `Backing up ${counted(started.partitions.length, 'partition')} (${String(baselines)} from the log start) and ${counted(started.groups, 'group')}; ${parent}.`,
    );
    for (const { topic, archive } of started.deletedTopics)
      this.#progress.event(
        `  ${topic} was deleted since the last backup, or this user has no permission to see it; archive ${archive} is the last that holds it.`,
      );
    for (const line of describeReasons(started.partitions)) this.#progress.event(`  ${line}`);
  }

  #onEvent(event: BackupEvent): void {
    if (event.type === 'notice') this.#progress.event(event.text);
    if (event.type === 'progress') this.#feed?.observe(event.bytes);
    if (event.type === 'committed') this.#onCommitted(event);
    // After its commit a snapshot only tidies up.
    if (event.type !== 'progress' || (this.#committed && !this.flags.follow)) return;
    this.#progress.update({
      label: this.flags.follow ? 'following' : 'backup',
      done: event.offsetsDone,
      total: this.flags.follow ? 0n : event.offsets,
      bytes: event.bytes,
      detail: `${partitionsOf(event, this.flags.follow)}${event.agents === 0 ? ', waiting for an agent' : ''}`,
    });
  }

  #onCommitted(archive: CommittedArchive): void {
    this.#progress.clear();
    this.#committed = true;
    if (this.flags.follow) this.#feed?.begin();
    this.about = { archive: archive.archive };
    if (archive.losses > (this.#lossy?.losses ?? 0)) this.#lossy = archive;
    this.print([
      `Archive ${archive.archive}`,
      `  ${counted(archive.topics, 'topic')}, ${counted(archive.partitions, 'partition')}, ${counted(archive.records, 'record')}, ${formatBytes(archive.bytes)}; ${counted(archive.groups, 'group')}`,
      `  new here: ${counted(archive.newSegments, 'segment')}, ${formatBytes(archive.newBytes)} in ${formatDuration(performance.now() - this.#startedAt)}`,
      ...archive.copies.map((copy) => `  in ${copy}`),
    ]);
    // The next generation says what is new in it.
    this.#startedAt = performance.now();
  }
}

/** A follow is never done with a partition. */
function partitionsOf({ partitions, partitionsDone }: BackupProgress, follow: boolean): string {
  return follow
    ? counted(partitions, 'partition')
    : `${String(partitionsDone)}/${String(partitions)} partitions`;
}

function describePlan(started: StartedBackup): string[] {
  const rows = started.partitions.map((plan) => [
    plan.topic,
    String(plan.partition),
    plan.mode,
    String(plan.resumeOffset),
    String(plan.cut),
    String(plan.cut - plan.resumeOffset),
    plan.reason,
  ]);
  const right = 'right' as const;
  return formatTable(
    [
      { title: 'TOPIC' },
      { title: 'PARTITION', align: right },
      { title: 'MODE' },
      { title: 'FROM', align: right },
      { title: 'CUT', align: right },
      { title: 'OFFSETS', align: right },
      { title: 'WHY' },
    ],
    rows,
  );
}
