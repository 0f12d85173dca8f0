import { KopsError, throwIfAborted, toKopsError, type Clock } from '@kops/core';
import { openArchive } from '@kops/repository';
import { readDeadLetters, type DeadLetter } from './dead-letter.ts';
import type { IndexReport, RetireReport } from './index-report.ts';
import type {
  CatchUpOptions,
  Indexer,
  IndexerActivity,
  PassOptions,
  RebuildOptions,
} from './indexer-port.ts';
import { describeState, type IndexerStatus } from './indexer-status.ts';
import { rescan } from './lost-indices.ts';
import { Pass, type PassContext, type PassPlan } from './pass.ts';
import { isDamage } from './plain-error.ts';
import type { StateChange } from './state/index-state.ts';

/** What an indexer is made of. */
export interface IndexerParts extends PassContext {
  readonly deadlineMs: number;
  readonly pollMs: number;
  /** Closes what was opened. */
  readonly close: () => Promise<void>;
}

/** Pause after what may pass by itself, but is none of Elasticsearch. */
const troubleMs = 30_000;

/** The one implementation of {@link Indexer}. */
export class RepositoryIndexer implements Indexer {
  readonly repository: string;
  readonly #parts: IndexerParts;
  readonly #clock: Clock;
  #working: Promise<unknown> | undefined;
  #isClosed = false;
  #wake: AbortController | undefined;
  #isNotified = false;

  constructor(parts: IndexerParts) {
    this.#parts = parts;
    this.#clock = parts.clock;
    this.repository = parts.repository.info.id;
  }

  get activity(): IndexerActivity {
    return this.#parts.meter.activity;
  }

  catchUp({ archives, ...options }: CatchUpOptions = {}): Promise<IndexReport> {
    return this.#alone(options, async () => {
      for (const archive of archives ?? []) await this.#parts.repository.resolveArchive(archive);
      return this.#pass(options.signal, { archives }).run();
    });
  }

  retire(options: PassOptions = {}): Promise<RetireReport> {
    return this.#alone(options, () => this.#pass(options.signal, {}).retire());
  }

  run(options: PassOptions & { readonly signal: AbortSignal }): Promise<void> {
    return this.#alone(options, async () => {
      const { signal } = options;
      for (let isThorough = true; !signal.aborted; isThorough = false) {
        this.#isNotified = false;
        const isFine = await this.#standingPass(signal, isThorough);
        await this.#pause(isFine ? this.#parts.pollMs : troubleMs, signal);
      }
    });
  }

  notify(): void {
    this.#isNotified = true;
    this.#wake?.abort();
  }

  rebuild({ archive, drop = false, ...options }: RebuildOptions = {}): Promise<IndexReport> {
    if (archive !== undefined && drop) {
      throw new KopsError('KOPS_USAGE', 'the catalog cannot be dropped for one archive', {
        hint: 'Leave out --archive, or leave out --drop.',
      });
    }
    return this.#alone(options, async () => {
      if (archive === undefined) await this.#forgetAll(drop, options);
      else await this.#forgetArchive(archive);
      return this.#pass(options.signal, {}).run();
    });
  }

  async status(): Promise<IndexerStatus> {
    const { repository, state, settings } = this.#parts;
    const described = await describeState(repository, state.state, {
      ...settings,
      clock: this.#clock,
    });
    return { activity: this.activity, ...described };
  }

  deadLetters(): AsyncIterable<DeadLetter> {
    return readDeadLetters(this.#parts.spoolDirectory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    // Whoever called it is told how it ended.
    await this.#working?.catch(() => undefined);
    await this.#parts.close();
  }

  async #alone<T>({ signal, onProgress }: PassOptions, work: () => Promise<T>): Promise<T> {
    if (this.#working !== undefined || this.#isClosed)
      throw new KopsError('KOPS_USAGE', `the indexer is ${this.#isClosed ? 'closed' : 'at work'}`, {
        hint: 'Wait for the running call, or abort it.',
      });
    const { meter } = this.#parts;
    meter.begin(onProgress);
    const working = work();
    this.#working = working;
    try {
      return await working;
    } catch (error) {
      // However an abort shows, it is one.
      throwIfAborted(signal);
      throw error;
    } finally {
      this.#working = undefined;
      meter.idle();
    }
  }

  #pass(signal: AbortSignal | undefined, plan: Partial<PassPlan>): Pass {
    const { deadlineMs } = this.#parts;
    return new Pass(this.#parts, { signal, deadlineMs, isThorough: true, ...plan });
  }

  /** A pass that only what does not pass by itself can end. */
  async #standingPass(signal: AbortSignal, isThorough: boolean): Promise<boolean> {
    const { meter } = this.#parts;
    try {
      await this.#pass(signal, { deadlineMs: Infinity, isThorough }).run();
      meter.idle();
      return true;
    } catch (thrown) {
      if (signal.aborted) return true;
      const error = toKopsError(thrown);
      if (!error.retryable) throw error;
      meter.waits(error);
      return false;
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isNotified) return;
    const wake = new AbortController();
    this.#wake = wake;
    const either = AbortSignal.any([signal, wake.signal]);
    try {
      await this.#clock.sleep(ms, either);
    } catch (error) {
      // Woken; by what, the loop looks at.
      if (!either.aborted) throw error;
    } finally {
      this.#wake = undefined;
    }
  }

  async #forgetAll(drop: boolean, { signal }: PassOptions): Promise<void> {
    const { state, deadLetters, connect } = this.#parts;
    const call = signal === undefined ? {} : { signal };
    if (drop) await (await connect(call)).drop(['archives', 'segments', 'records'], call);
    await state.clear();
    await deadLetters.clear();
  }

  /** Forgets positions of the segments that an archive shows. All archives are looked through, so that each record names the first that shows it. */
  async #forgetArchive(wanted: string): Promise<void> {
    const { repository, state } = this.#parts;
    const archive = await openArchive(repository, wanted);
    const changes: StateChange[] = [];
    for (const topic of archive.manifest.topics) {
      for (const { partition } of topic.partitions) {
        try {
          for (const { key } of (await archive.segments({ topic: topic.name, partition }))
            .segments) {
            const before = state.state.segments.get(key);
            if (before === undefined) continue;
            changes.push({
              segment: { ...before, covered: [], documents: 0, documented: false },
            });
          }
        } catch (error) {
          // The pass that follows says what is damaged.
          if (!isDamage(error)) throw error;
        }
      }
    }
    await state.record([...changes, ...rescan(state.state)]);
  }
}
