import { Worker } from 'node:worker_threads';
import type { SegmentEntry } from '@kops/archive-format';
import { isErrorCode, KopsError, Semaphore } from '@kops/core';
import type { SegmentOutcome } from './check-segment.ts';
import type { WorkerAnswer, WorkerSettings, WorkerTask } from './worker-messages.ts';

/** Tasks that wait at each worker besides the one at work. */
const queuedPerWorker = 1;

interface Waiting {
  readonly resolve: (outcomes: readonly SegmentOutcome[]) => void;
  readonly reject: (error: KopsError) => void;
}

interface Member {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** Worker threads that read segments of a file repository. One that dies fails what it had to do, and the pool. */
export class SegmentPool implements AsyncDisposable {
  readonly #members: Member[];
  readonly #slots: Semaphore;
  readonly #onBytes: (bytes: number) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void =>
    this.#fail(new KopsError('KOPS_INTERRUPTED', 'interrupted', { cause: this.#signal?.reason }));
  #failure: KopsError | undefined;
  #isClosing = false;
  #lastId = 0;

  constructor(
    settings: WorkerSettings,
    options: { workers: number; onBytes: (bytes: number) => void; signal?: AbortSignal },
  ) {
    this.#onBytes = options.onBytes;
    this.#signal = options.signal;
    this.#members = Array.from({ length: options.workers }, () => this.#start(settings));
    this.#slots = new Semaphore(options.workers * (1 + queuedPerWorker));
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#signal?.aborted === true) this.#onAbort();
  }

  /** Waits until a worker can take a task, and gives it that. Resolves when it was taken; its outcome is a promise of its own. */
  async submit(
    segments: readonly SegmentEntry[],
  ): Promise<{ readonly outcome: Promise<readonly SegmentOutcome[]> }> {
    await this.#slots.acquire();
    const outcome = this.#run(segments).finally(() => this.#slots.release());
    // The caller awaits it later; until then a failure must not count as unhandled.
    outcome.catch(() => undefined);
    return { outcome };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    await Promise.all(this.#members.map(async ({ worker }) => await worker.terminate()));
  }

  #run(segments: readonly SegmentEntry[]): Promise<readonly SegmentOutcome[]> {
    return new Promise((resolve, reject) => {
      const member = this.#idlest();
      if (this.#failure !== undefined || member === undefined) {
        reject(this.#failure ?? new KopsError('KOPS_UNEXPECTED', 'the worker pool has no workers'));
        return;
      }
      const id = ++this.#lastId;
      member.waiting.set(id, { resolve, reject });
      member.worker.postMessage({ id, segments } satisfies WorkerTask);
    });
  }

  #idlest(): Member | undefined {
    return this.#members.toSorted((a, b) => a.waiting.size - b.waiting.size)[0];
  }

  #start(settings: WorkerSettings): Member {
    const fromSource = import.meta.url.endsWith('.ts');
    const file = fromSource
      ? new URL('./segment-worker.ts', import.meta.url)
      : new URL('./segment-worker.js', import.meta.url);
    const worker = new Worker(file, {
      workerData: settings,
      // From source the other packages' sources are meant too, however this thread resolves them.
      ...(fromSource ? { execArgv: ['--conditions=@kops/source'] } : {}),
    });
    const member: Member = { worker, waiting: new Map() };
    worker.on('message', (message: WorkerAnswer) => this.#take(member, message));
    worker.on('error', (cause: unknown) => this.#fail(died('failed', cause)));
    worker.on('messageerror', (cause) => this.#fail(died('was not understood', cause)));
    worker.on('exit', (code) => {
      if (!this.#isClosing) this.#fail(died(`ended by itself (${code})`));
    });
    return member;
  }

  #take({ waiting }: Member, message: WorkerAnswer): void {
    if (message.type === 'bytes') {
      this.#onBytes(message.bytes);
      return;
    }
    const task = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === 'done') task?.resolve(message.outcomes);
    else
      task?.reject(
        new KopsError(
          isErrorCode(message.code) ? message.code : 'KOPS_UNEXPECTED',
          message.message,
        ),
      );
  }

  #fail(error: KopsError): void {
    this.#failure ??= error;
    for (const { waiting } of this.#members) {
      for (const { reject } of waiting.values()) reject(this.#failure);
      waiting.clear();
    }
  }
}

function died(what: string, cause?: unknown): KopsError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new KopsError('KOPS_UNEXPECTED', `a thread that reads segments ${what}${why}`, {
    hint: 'Try again with fewer threads. If it happens again, report it.',
    ...(cause === undefined ? {} : { cause }),
  });
}
