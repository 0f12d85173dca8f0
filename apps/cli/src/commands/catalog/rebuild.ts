import { Flags } from '@oclif/core';
import { counted } from '@kops/core';
import { openIndexer, type IndexProgress, type IndexReport } from '@kops/indexer';
import { requireFreeSpace } from '@kops/service';
import { showNow } from '../../catalog/feed-catalog.ts';
import { indexProgress } from '../../catalog/index-progress.ts';
import { requiredCatalog } from '../../catalog/catalog-settings.ts';
import { KopsCommand, type FlagsOf } from '../../kops-command.ts';
import type { Continuation } from '../../output/same-command.ts';
import { ProgressLine } from '../../output/progress.ts';
import { renderIndexReport } from '../../render/index-report.ts';
import { commonSettings } from '../../settings/common-settings.ts';
import { repositoryUrls } from '../../settings/connection-settings.ts';
import { openConfiguredArchive } from '../../settings/connections.ts';
import { elasticsearch, repository } from '../../settings/flags.ts';

/** What the state and a spool of rejected documents begin with. */
const spoolBytes = 64n * 1024n * 1024n;
/** How long Elasticsearch may take to answer: somebody is waiting. */
const deadlineMs = 30_000;

export default class Rebuild extends KopsCommand<typeof Rebuild, IndexReport> {
  static override summary = 'Index archives again from their manifests and segments.';
  static override description =
    'The catalog can be deleted at any time: a rebuild writes the same documents again. Document ids are stable, so a rebuild creates no duplicates. --resume or the next backup resumes an interrupted rebuild.\n\n' +
    'Exit codes: 0 ok, 2 usage, 10 repository or archive not found, 11 another indexer is running, 21 documents were rejected or segments are damaged, 30 Elasticsearch unreachable, 31 denied, 130 interrupted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --elasticsearch http://localhost:9200',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --archive latest',
    '<%= config.bin %> <%= command.id %> --repository /backups/kafka --drop',
  ];
  static override flags = {
    repository,
    elasticsearch,
    archive: Flags.string({
      char: 'a',
      summary: "Only this archive: an id, or 'latest'.",
      helpValue: 'ID',
      exclusive: ['drop'],
    }),
    cluster: Flags.string({
      summary:
        'With --archive latest: cluster id, if the repository has archives of several clusters.',
      helpValue: 'ID',
      dependsOn: ['archive'],
    }),
    drop: Flags.boolean({
      summary:
        'Delete the indices of archives, segments and records first, for example after a change of rules.',
    }),
    resume: Flags.boolean({
      summary: 'Resume an interrupted rebuild: index only what is missing.',
      exclusive: ['archive', 'cluster', 'drop'],
    }),
  };

  readonly #progress = new ProgressLine();

  protected override readonly isAudited = true;

  protected override settingsOf(flags: FlagsOf<typeof Rebuild>): Record<string, unknown> {
    return commonSettings(flags);
  }

  protected override continuation(): Continuation {
    const without = ['drop', 'archive', 'cluster', 'resume'];
    return { text: 'Indexed documents are kept. Resume with', without, add: ['--resume'] };
  }

  protected async execute(signal: AbortSignal): Promise<IndexReport> {
    const settings = requiredCatalog(this.settings);
    const [repositoryUrl = ''] = repositoryUrls(this.settings);
    const { drop, resume } = this.flags;
    const archive = await this.#archive();
    await requireFreeSpace({
      directory: settings.stateDirectory,
      bytes: spoolBytes,
      what: 'the indexer (state and rejected documents)',
      hint: 'Free space there, or set catalog.stateDirectory or XDG_STATE_HOME to another directory.',
    });
    await using indexer = await openIndexer({
      ...settings,
      repositoryUrl,
      deadlineMs,
      logger: this.createLogger(),
    });
    const pass = {
      signal,
      onProgress: (progress: IndexProgress) => this.#progress.update(indexProgress(progress)),
    };
    const work = resume
      ? indexer.catchUp(pass)
      : indexer.rebuild({ ...pass, ...(archive === undefined ? {} : { archive }), drop });
    const report = await work.finally(() => this.#progress.clear());
    await showNow(settings, report, signal);
    this.print([
      `Indexed ${counted(report.archives.length, 'archive')} of repository ${indexer.repository}`,
      ...renderIndexReport(report, settings.stateDirectory),
    ]);
    if (report.rejected > 0 || report.failed.length > 0) this.endWith(21);
    return report;
  }

  async #archive(): Promise<string | undefined> {
    const { archive, cluster } = this.flags;
    if (archive === undefined) return undefined;
    return (await openConfiguredArchive(this.settings, { archive, cluster })).ref.archive;
  }
}
