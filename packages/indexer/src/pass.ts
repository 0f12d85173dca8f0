import type { ArchiveCommit } from '@kops/archive-format';
import { compilePolicy, fingerprintRules, type CallOptions, type Catalog } from '@kops/catalog';
import { retry, throwIfAborted, toKopsError, type Clock, type RetryPolicy } from '@kops/core';
import type { Repository } from '@kops/repository';
import type { ActivityMeter } from './activity.ts';
import type { DeadLetterFiles } from './dead-letter.ts';
import type { CatalogWork } from './catalog-work.ts';
import { indexArchive } from './index-archive.ts';
import { ReportBuilder, type IndexReport, type RetireReport } from './index-report.ts';
import { forgetLostTopics, hasLostCatalog } from './lost-indices.ts';
import { isDamage } from './plain-error.ts';
import { findRetired, retireArchives } from './retire-archives.ts';
import type { IndexerLimits, IndexerSettings } from './settings.ts';
import type { StateFile } from './state/state-file.ts';
import type { Hold } from './worker/hold.ts';
import { WorkerPool } from './worker/worker-pool.ts';

/** What stays the same from pass to pass. */
export interface PassContext {
  readonly settings: IndexerSettings;
  readonly limits: IndexerLimits;
  readonly repository: Repository;
  readonly state: StateFile;
  readonly deadLetters: DeadLetterFiles;
  readonly spoolDirectory: string;
  /** Lets backups go first; undefined where nobody knows of any. */
  readonly hold: Hold | undefined;
  readonly meter: ActivityMeter;
  readonly clock: Clock;
  readonly connect: (options: CallOptions) => Promise<Catalog>;
}

/** What a pass does. */
export interface PassPlan {
  readonly signal: AbortSignal | undefined;
  /** How long Elasticsearch is waited for, in ms. */
  readonly deadlineMs: number;
  /** Ids of archives to index; undefined for all. */
  readonly archives?: readonly string[] | undefined;
  /** Whether Elasticsearch is asked even if nothing is to be done, and what is damaged is tried again. */
  readonly isThorough: boolean;
}

/** How long a bulk request is tried before its piece begins anew. */
const longestRequestMs = 300_000;

/** One look at the commit log, and what follows from it. */
export class Pass {
  readonly #context: PassContext;
  readonly #plan: PassPlan;
  readonly #report = new ReportBuilder();

  constructor(context: PassContext, plan: PassPlan) {
    this.#context = context;
    this.#plan = plan;
  }

  async run(): Promise<IndexReport> {
    const { repository } = this.#context;
    const live = await repository.archives();
    if (!this.#isNeeded(live)) return this.#report.build();
    await this.#prepare();
    await this.#retire(live);
    await this.#index(this.#pending(live));
    return this.#report.build();
  }

  async retire(): Promise<RetireReport> {
    const live = await this.#context.repository.archives();
    await this.#prepare();
    await this.#retire(live);
    return this.#report.retired;
  }

  #isNeeded(live: readonly ArchiveCommit[]): boolean {
    const { state } = this.#context.state;
    return (
      this.#plan.isThorough || this.#pending(live).length > 0 || findRetired(state, live).length > 0
    );
  }

  #pending(live: readonly ArchiveCommit[]): ArchiveCommit[] {
    const { archives, isThorough } = this.#plan;
    const known = this.#context.state.state.archives;
    return live.filter(({ archive }) => {
      if (archives !== undefined && !archives.includes(archive)) return false;
      const status = known.get(archive)?.status;
      return status !== 'done' && (isThorough || status !== 'incomplete');
    });
  }

  /** Sets the catalog up, and forgets what was said of indices that are not there any more. */
  async #prepare(): Promise<void> {
    const { state, deadLetters } = this.#context;
    const setup = await this.#withCatalog((catalog, call) => catalog.setup(call));
    if (hasLostCatalog(state.state, setup)) {
      await state.clear();
      await deadLetters.clear();
    }
    await state.record(
      await this.#withCatalog((catalog, call) => forgetLostTopics(state.state, catalog, call)),
    );
  }

  async #retire(live: readonly ArchiveCommit[]): Promise<void> {
    const { repository, state, deadLetters } = this.#context;
    const retired = findRetired(state.state, live);
    if (retired.length === 0) return;
    const { signal } = this.#plan;
    const withCatalog = this.#withCatalog.bind(this);
    try {
      this.#report.retired = await retireArchives(
        { repository, state, deadLetters, signal, withCatalog },
        retired,
        live,
      );
    } catch (error) {
      if (!isDamage(error)) throw error;
      // What the damaged archive shows is not known, so nothing is taken out; the next call tries again.
      this.#report.addFailure(error, { archive: retired[0] ?? '', ...error.at });
    }
  }

  async #index(pending: readonly ArchiveCommit[]): Promise<void> {
    if (pending.length === 0) return;
    const { settings, limits, meter, spoolDirectory, hold } = this.#context;
    const { signal, deadlineMs } = this.#plan;
    using _ = hold?.watch((error) => meter.waits(toKopsError(error)));
    meter.expect(pending.length);
    const retryDeadlineMs = Math.min(deadlineMs, longestRequestMs);
    await using pool = new WorkerPool(
      { settings, limits, retryDeadlineMs, spoolDirectory, hold: hold?.shared },
      {
        onRecords: (records) => meter.addRecords(records),
        onWaiting: (error) => meter.waits(error),
      },
      signal,
    );
    const policyOf = compilePolicy(settings.records);
    const rulesOf = fingerprintRules(settings.records, settings.hashKey);
    for (const ref of pending) {
      throwIfAborted(signal);
      await indexArchive(
        {
          ...this.#context,
          ...{ pool, policyOf, rulesOf, signal, report: this.#report },
          pieceBytes: limits.pieceBytes,
          maxTasks: limits.workers * (limits.piecesPerWorker + 1),
          withCatalog: this.#withCatalog.bind(this),
        },
        ref,
      );
    }
  }

  /** Runs work on the catalog, again while it cannot be reached. */
  #withCatalog<T>(work: CatalogWork<T>): Promise<T> {
    const { connect, meter, clock } = this.#context;
    const { signal, deadlineMs } = this.#plan;
    const call = signal === undefined ? {} : { signal };
    const policy: RetryPolicy = { initialDelayMs: 500, maxDelayMs: 30_000, deadlineMs };
    return retry(
      policy,
      async () => {
        const result = await work(await connect(call), call);
        meter.goesOn();
        return result;
      },
      {
        clock,
        onRetry: (error) => meter.waits(error),
        ...call,
      },
    );
  }
}
