import { toKopsError, type Clock, type KopsError, type Logger } from '@kops/core';
import { beatEveryMs } from '@kops/object-store/owner';
import type { Repository } from '@kops/repository';
import type { CaptureJournal } from './capture-journal.ts';

/** What a {@link Heartbeat} works with. */
export interface HeartbeatOptions {
  readonly journal: Pick<CaptureJournal, 'beat' | 'capture'>;
  readonly repositories: readonly Pick<Repository, 'checkSeries'>[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Gives the signs of life of a capture, and looks whether another backup has taken over from it. */
export class Heartbeat {
  readonly #stopped = new AbortController();
  readonly #fenced = Promise.withResolvers<KopsError>();
  readonly #running: Promise<void>;

  constructor(options: HeartbeatOptions) {
    this.#running = this.#run(options);
  }

  /** Resolves when another backup has taken over, with what the capture is to fail with. */
  get fenced(): Promise<KopsError> {
    return this.#fenced.promise;
  }

  /** No sign is given any more once this resolves. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run({ journal, repositories, clock, logger }: HeartbeatOptions): Promise<void> {
    const { signal } = this.#stopped;
    const isStopped = (): boolean => signal.aborted;
    for (;;) {
      // Rejects when it is stopped.
      await clock.sleep(beatEveryMs, signal).catch(() => undefined);
      if (isStopped()) return;
      try {
        for (const repository of repositories) await repository.checkSeries(journal.capture);
        await journal.beat();
      } catch (thrown) {
        const error = toKopsError(thrown);
        if (error.code === 'KOPS_FENCED') {
          this.#fenced.resolve(error);
          return;
        }
        // What the backup writes next meets the same failure, unless it passes.
        logger.debug('writing the heartbeat failed', {
          code: error.code,
          reason: error.message,
        });
      }
    }
  }
}
