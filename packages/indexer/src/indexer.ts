import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ArchiveCommit } from '@kops/archive-format';
import { compilePolicy, type Catalog } from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import {
  KopsError,
  retry,
  silentLogger,
  systemClock,
  throwIfAborted,
  toKopsError,
  type Clock,
  type Logger,
} from '@kops/core';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { openRepository, type Repository } from '@kops/repository';
import { DeadLetterFiles } from './dead-letter.ts';
import { indexArchive, type PassContext } from './index-archive.ts';
import { ReportBuilder, type IndexReport } from './index-report.ts';
import type { IndexerLimits, IndexerSettings } from './settings.ts';
import { makeDirectory } from './state/durable-file.ts';
import { StateFile } from './state/state-file.ts';
import { StateLock } from './state/state-lock.ts';
import { WorkerPool } from './worker/worker-pool.ts';

/** How to open an indexer. */
export interface IndexerOptions extends IndexerSettings {
  /** Local folder for positions and dead letters; each repository has one of its own in it. One indexer at a time. */
  readonly stateDirectory: string;
  readonly limits?: Partial<IndexerLimits>;
  /** How often {@link Indexer.run} looks at the commit log. @defaultValue 10 s */
  readonly pollMs?: number;
  /** How long one-shot calls wait for an Elasticsearch that cannot be reached. @defaultValue 5 min */
  readonly deadlineMs?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** What an indexer is doing. */
export interface IndexerActivity {
  readonly state: 'idle' | 'indexing' | 'waiting';
  readonly archive?: string;
  /** Why it waits for Elasticsearch. */
  readonly lastError?: { readonly code: string; readonly message: string };
}

/** How far a pass is. */
export interface IndexProgress {
  readonly activity: IndexerActivity;
  readonly archivesIndexed: number;
  readonly archivesTotal: number;
  readonly records: number;
  readonly rejected: number;
}

/** What calls of an indexer take. */
export interface PassOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IndexProgress) => void;
}

/** Which archives {@link Indexer.catchUp} indexes. */
export interface CatchUpOptions extends PassOptions {
  /** Ids; all if omitted. */
  readonly archives?: readonly string[];
}

/** Feeds the catalog from the committed archives of one repository. One call of `catchUp`, `run`, `rebuild` or `retire` at a time. */
export interface Indexer extends AsyncDisposable {
  /** Id of the repository. */
  readonly repository: string;
  readonly activity: IndexerActivity;

  /**
   * Indexes everything that is committed and not in the catalog, and takes out what was retired. Resolves when all of it was
   * tried: damaged segments are in the report.
   * @throws KOPS_ELASTICSEARCH_UNREACHABLE after `deadlineMs` without an answer; KOPS_ACCESS_DENIED; KOPS_ELASTICSEARCH_REFUSED;
   *   KOPS_INTERRUPTED, with all positions kept
   */
  catchUp(options?: CatchUpOptions): Promise<IndexReport>;

  /**
   * The same over and over until the signal is aborted, then resolves. Waits for Elasticsearch for as long as it takes.
   * @throws KOPS_ACCESS_DENIED, KOPS_ELASTICSEARCH_REFUSED and whatever else does not pass by itself
   */
  run(options: PassOptions & { readonly signal: AbortSignal }): Promise<void>;

  /** Makes {@link run} look at the commit log now. */
  notify(): void;
}

const mebibyte = 1024 * 1024;

/**
 * Opens an indexer. The repository is opened, Elasticsearch is not asked for anything yet.
 * @throws KOPS_HELD when the state has another owner; KOPS_REPOSITORY_NOT_FOUND; KOPS_OBJECT_CORRUPT for a damaged state
 */
export async function openIndexer(options: IndexerOptions): Promise<Indexer> {
  const { directory } = parseRepositoryUrl(options.repositoryUrl);
  const repository = await openRepository(await openFileStore(directory));
  const folder = join(options.stateDirectory, repository.info.id);
  await makeDirectory(folder);
  await using opened = new AsyncDisposableStack();
  opened.use(await StateLock.acquire(join(folder, 'lock'), options.clock));
  const state = opened.use(await StateFile.open(join(folder, 'state.ndjson'), repository.info.id));
  const deadLetters = await DeadLetterFiles.open(join(folder, 'dead-letters'));
  return new RepositoryIndexer(options, { repository, state, deadLetters, folder, opened: opened.move() });
}

interface Parts {
  readonly repository: Repository;
  readonly state: StateFile;
  readonly deadLetters: DeadLetterFiles;
  readonly folder: string;
  readonly opened: AsyncDisposableStack;
}

class RepositoryIndexer implements Indexer {
  readonly repository: string;
  activity: IndexerActivity = { state: 'idle' };
  readonly #options: IndexerOptions;
  readonly #settings: IndexerSettings;
  readonly #parts: Parts;
  readonly #limits: IndexerLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #catalog: Promise<Catalog> | undefined;
  #working: Promise<unknown> | undefined;
  #wake: (() => void) | undefined;
  #isNotified = false;

  constructor(options: IndexerOptions, parts: Parts) {
    this.#options = options;
    const { repositoryUrl, elasticsearch, records, hashKey } = options;
    this.#settings = {
      repositoryUrl,
      elasticsearch,
      records,
      ...(hashKey === undefined ? {} : { hashKey }),
    };
    this.#parts = parts;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#limits = {
      workers: Math.max(1, Math.min(2, availableParallelism() - 1)),
      pieceBytes: 32 * mebibyte,
      piecesPerWorker: 2,
      maxRequestBytes: 5 * mebibyte,
      requestsPerPiece: 2,
      ...options.limits,
    };
    this.repository = parts.repository.info.id;
  }

  catchUp(options: CatchUpOptions = {}): Promise<IndexReport> {
    return this.#alone(() => this.#pass(options, this.#options.deadlineMs ?? 300_000));
  }

  run(options: PassOptions & { readonly signal: AbortSignal }): Promise<void> {
    return this.#alone(async () => {
      const { signal } = options;
      while (!signal.aborted) {
        try {
          await this.#pass(options, Infinity);
          await this.#pause(signal);
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      }
    });
  }

  notify(): void {
    this.#isNotified = true;
    this.#wake?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#working?.catch(() => undefined);
    await (await this.#catalog?.catch(() => undefined))?.[Symbol.asyncDispose]();
    await this.#parts.opened.disposeAsync();
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#working !== undefined)
      throw new KopsError('KOPS_USAGE', 'the indexer is at work', {
        hint: 'Wait for the call that is under way, or abort it.',
      });
    const working = work();
    this.#working = working;
    try {
      return await working;
    } finally {
      this.#working = undefined;
      this.activity = { state: 'idle' };
    }
  }

  async #pass(options: CatchUpOptions, deadlineMs: number): Promise<IndexReport> {
    const { repository, state } = this.#parts;
    const { signal, archives: wanted } = options;
    const report = new ReportBuilder();
    const live = await repository.archives();
    const pending = live.filter(
      ({ archive }) =>
        state.state.archives.get(archive)?.status !== 'done' &&
        (wanted === undefined || wanted.includes(archive)),
    );
    if (pending.length === 0) return report.build();
    throwIfAborted(signal);
    await using pool = new WorkerPool(
      {
        settings: this.#settings,
        limits: this.#limits,
        retryDeadlineMs: Math.min(deadlineMs, 300_000),
        spoolDirectory: join(this.#parts.folder, 'dead-letters'),
      },
      { onRecords: () => undefined, onWaiting: () => undefined },
      signal,
    );
    const context: PassContext = {
      ...this.#parts,
      pool,
      policyOf: compilePolicy(this.#options.records),
      pieceBytes: this.#limits.pieceBytes,
      maxTasks: this.#limits.workers * (this.#limits.piecesPerWorker + 1),
      report,
      signal,
      withCatalog: (work) => this.#withCatalog(work, deadlineMs, signal),
    };
    await context.withCatalog((catalog) => catalog.setup());
    for (const ref of pending) await indexArchive(context, ref);
    return report.build();
  }

  #withCatalog<T>(
    work: (catalog: Catalog) => Promise<T>,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return retry(
      { initialDelayMs: 500, maxDelayMs: 30_000, deadlineMs },
      async () => work(await this.#connect()),
      { clock: this.#clock, ...(signal === undefined ? {} : { signal }) },
    );
  }

  #connect(): Promise<Catalog> {
    this.#catalog ??= connectElasticsearch(this.#options.elasticsearch).catch((error: unknown) => {
      this.#catalog = undefined;
      throw error;
    });
    return this.#catalog;
  }

  async #pause(signal: AbortSignal): Promise<void> {
    void signal;
  }
}
