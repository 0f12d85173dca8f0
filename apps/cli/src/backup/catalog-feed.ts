import type { KopsError, Logger } from '@kops/core';
import type { Config } from '@kops/service';
import type { ConfiguredCatalog } from '../catalog/catalog-settings.ts';
import type { ProgressLine } from '../output/progress.ts';
import { repositoryUrls } from '../settings/connection-settings.ts';

/** What a feed tells of itself with. */
export interface FeedSurroundings {
  readonly logger: Logger;
  readonly progress: ProgressLine;
}

/** How long a follow that was told to end may still feed the catalog, in ms. */
const lastMs = 15_000;

/**
 * The catalog of an embedded backup: brought up to date once the archive is committed, or beside a follow. What it needs is loaded only where
 * a catalog is configured.
 */
export class CatalogFeed {
  readonly #catalog: ConfiguredCatalog;
  readonly #repositoryUrl: string;
  readonly #surroundings: FeedSurroundings;
  readonly #stop = new AbortController();
  #beside: Promise<void> | undefined;
  #backupBytes = 0;

  private constructor(
    catalog: ConfiguredCatalog,
    repositoryUrl: string,
    surroundings: FeedSurroundings,
  ) {
    this.#catalog = catalog;
    this.#repositoryUrl = repositoryUrl;
    this.#surroundings = surroundings;
  }

  /** Undefined where no catalog is configured. @throws KOPS_CONFIG */
  static async of(
    config: Config,
    surroundings: FeedSurroundings,
  ): Promise<CatalogFeed | undefined> {
    const { node, cloudId } = config.catalog.elasticsearch;
    if (node === undefined && cloudId === undefined) return undefined;
    const { configuredCatalog } = await import('../catalog/catalog-settings.ts');
    const catalog = configuredCatalog(config);
    const [url = ''] = repositoryUrls(config);
    if (catalog === undefined) return undefined;
    const { checkIndexerSettings } = await import('@kops/indexer');
    await checkIndexerSettings(catalog);
    return new CatalogFeed(catalog, url, surroundings);
  }

  /** Begins to feed beside a follow; again is harmless. Not before the first commit, which makes the repository. */
  begin(): void {
    this.#beside ??= this.#feedBeside();
  }

  /** Tells how much the backup has taken in so far: while it is at work, the feed beside it waits. */
  observe(backupBytes: bigint): void {
    this.#backupBytes = Number(backupBytes);
  }

  async #feedBeside(): Promise<void> {
    const { feedBeside } = await import('../catalog/feed-catalog.ts');
    const { logger, progress } = this.#surroundings;
    await feedBeside(this.#catalog, {
      repositoryUrl: this.#repositoryUrl,
      signal: this.#stop.signal,
      backupBytes: () => this.#backupBytes,
      logger,
      onFailure: (error) => progress.event(behind(error)),
    });
  }

  /** Brings the catalog up to the last commit. The backup stands whatever comes of it. */
  async conclude(
    signal: AbortSignal,
    isFollow: boolean,
  ): Promise<{ readonly lines: string[]; readonly json: Record<string, unknown> }> {
    const { logger, progress } = this.#surroundings;
    this.#stop.abort();
    await this.#beside;
    const { feedCatalog, feedToJson } = await import('../catalog/feed-catalog.ts');
    const { indexProgress } = await import('../catalog/index-progress.ts');
    const { renderIndexReport } = await import('../render/index-report.ts');
    const outcome = await feedCatalog(this.#catalog, {
      repositoryUrl: this.#repositoryUrl,
      // A follow ends by its signal.
      signal: isFollow ? AbortSignal.timeout(lastMs) : signal,
      logger,
      onProgress: (state) => progress.update(indexProgress(state)),
    });
    progress.clear();
    const lines =
      outcome.report === undefined
        ? [behind(outcome.error)]
        : ['Catalog', ...renderIndexReport(outcome.report, this.#catalog.stateDirectory)];
    return { lines, json: feedToJson(outcome) };
  }
}

function behind({ message, hint }: KopsError): string {
  return `The catalog is behind: ${message}.${hint === undefined ? '' : ` ${hint}`} The backup is complete. To update the catalog, run 'kops catalog rebuild' or wait for the next backup.`;
}
