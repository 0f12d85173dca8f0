import { runArchiverApp } from '@kops/archiver';
import { mapLimit, type Logger } from '@kops/core';
import { connectionOf, createLogger, secretsOf } from '@kops/service';
import { configuredCatalog } from '../catalog/catalog-settings.ts';
import { KopsCommand } from '../kops-command.ts';
import { archiverEndpoint } from '../settings/archiver-endpoint.ts';
import { standingBackups } from '../standing/standing-backups.ts';
import { becomeLean } from '../standing/lean-process.ts';
import { kopsVersion } from '../version.ts';

export default class Archiver extends KopsCommand<typeof Archiver, void> {
  static override summary = 'Run an archiver for agents and operators. It stops on SIGTERM.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --config /etc/kops/archiver.yaml',
  ];

  readonly #logger = (): Logger =>
    createLogger({
      level: this.settings.logging.level,
      name: 'archiver',
      secrets: secretsOf(this.loaded),
    });

  protected override readonly hangup = (): void =>
    this.#logger().info('SIGHUP is ignored; restart the archiver to reload its configuration');

  override run(): Promise<void> {
    becomeLean();
    return super.run();
  }

  protected async execute(signal: AbortSignal): Promise<void> {
    const { archiver, backup, backups, clusters, repositories } = this.settings;
    const connections = await mapLimit(
      Object.entries(clusters),
      1,
      async ([name, cluster]) => [name, await connectionOf(cluster)] as const,
    );
    const catalog = configuredCatalog(this.settings);
    if (catalog !== undefined) {
      const { checkIndexerSettings } = await import('@kops/indexer');
      await checkIndexerSettings(catalog);
    }
    await runArchiverApp(
      {
        listen: await archiverEndpoint(this.settings, archiver.listen),
        clusters: Object.fromEntries(connections),
        repositories,
        backups: standingBackups(backups),
        segmentBytes: backup.segmentBytes,
        fileMode: Number.parseInt(backup.fileMode, 8),
        version: kopsVersion,
        ...(catalog === undefined ? {} : { catalog }),
      },
      signal,
      this.#logger(),
      (address) => this.print([`The archiver listens on ${address}`]),
    );
  }
}
