import { formatCoordinates, type KopsError, type Logger } from '@kops/core';
import type { IndexerActivity, IndexProgress } from './indexer-port.ts';

/** What an indexer is doing, and who is told of it. */
export class ActivityMeter {
  #activity: IndexerActivity = { state: 'idle' };
  #counts = { archivesIndexed: 0, archivesTotal: 0, records: 0, rejected: 0 };
  #onProgress: ((progress: IndexProgress) => void) | undefined;
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get activity(): IndexerActivity {
    return this.#activity;
  }

  begin(onProgress: ((progress: IndexProgress) => void) | undefined): void {
    this.#onProgress = onProgress;
    this.#counts = { archivesIndexed: 0, archivesTotal: 0, records: 0, rejected: 0 };
  }

  expect(archives: number): void {
    this.#counts.archivesTotal = archives;
  }

  archive(archive: string): void {
    this.#set({ state: 'indexing', archive });
  }

  archiveDone(archive: string, status: string): void {
    this.#counts.archivesIndexed++;
    this.#logger.info(`archive is in the catalog: ${status}`, { archive });
    this.#tell();
  }

  addRecords(records: number): void {
    this.#counts.records += records;
    this.goesOn();
    this.#tell();
  }

  addRejected(rejected: number): void {
    this.#counts.rejected += rejected;
  }

  /** Something went well. */
  goesOn(): void {
    if (this.#activity.state !== 'waiting') return;
    const { archive } = this.#activity;
    this.#logger.info('the indexer goes on');
    this.#set({ state: 'indexing', ...(archive === undefined ? {} : { archive }) });
  }

  waits(error: KopsError): void {
    const { code, message } = error;
    const lastError = { code, message };
    if (this.#activity.state !== 'waiting')
      this.#logger.warn('the indexer waits', { code, message, at: formatCoordinates(error.at) });
    const { archive } = this.#activity;
    this.#set({ state: 'waiting', lastError, ...(archive === undefined ? {} : { archive }) });
  }

  idle(): void {
    this.#set({ state: 'idle' });
  }

  #set(activity: IndexerActivity): void {
    this.#activity = activity;
    this.#tell();
  }

  #tell(): void {
    this.#onProgress?.({ activity: this.#activity, ...this.#counts });
  }
}
