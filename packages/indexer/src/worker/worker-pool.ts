import { Worker } from 'node:worker_threads';
import { KopsError, Semaphore } from '@kops/core';
import { revivedError } from '../plain-error.ts';
import type { IndexTask, PieceOutcome, WorkerAnswer, WorkerSettings } from './worker-messages.ts';

/** Who is told of what threads do. */
export interface TaskListener {
  /** A piece is indexed. What it returns is awaited before the task counts as done. */
  readonly onPiece: (piece: number, outcome: PieceOutcome) => Promise<void>;
  readonly onDamaged: (piece: number, error: KopsError) => Promise<void>;
}

/** What concerns no task. */
export interface PoolListener {
  readonly onRecords: (records: number) => void;
  readonly onWaiting: (error: KopsError) => void;
}

interface Waiting {
  readonly listener: TaskListener;
  readonly handled: Promise<void>[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Member {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** Worker threads that index. One that dies fails what it had to do, and the pool. */
export class WorkerPool implements AsyncDisposable {
  readonly #settings: WorkerSettings;
  #members: Member[] = [];
  readonly #slots: Semaphore;
  readonly #listener: PoolListener;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void =>
    this.fail(
      KopsError.is(this.#signal?.reason)
        ? this.#signal.reason
        : new KopsError('KOPS_INTERRUPTED', 'interrupted', { cause: this.#signal?.reason }),
    );
  #failure: KopsError | undefined;
  #isClosing = false;
  #lastId = 0;

  constructor(settings: WorkerSettings, listener: PoolListener, signal?: AbortSignal) {
    this.#settings = settings;
    const { workers, piecesPerWorker } = settings.limits;
    this.#listener = listener;
    this.#signal = signal;
    this.#slots = new Semaphore(workers * piecesPerWorker);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted === true) this.#onAbort();
  }

  /** Runs a task when there is room; resolves when all of its pieces were indexed or are damaged, and the listener is done with them. */
  async run(task: Omit<IndexTask, 'id'>, listener: TaskListener): Promise<void> {
    await this.#slots.run(() => this.#run(task, listener));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    await Promise.all(this.#members.map(async ({ worker }) => await worker.terminate()));
  }

  #run(task: Omit<IndexTask, 'id'>, listener: TaskListener): Promise<void> {
    return new Promise((resolve, reject) => {
      const { workers } = this.#settings.limits;
      // Threads cost memory: there are none until there is something to do.
      if (this.#members.length === 0)
        this.#members = Array.from({ length: workers }, () => this.#start(this.#settings));
      const member = this.#idlest();
      if (this.#failure !== undefined || member === undefined) {
        reject(this.#failure ?? new KopsError('KOPS_UNEXPECTED', 'the worker pool has no workers'));
        return;
      }
      const id = ++this.#lastId;
      member.waiting.set(id, { listener, handled: [], resolve, reject });
      member.worker.postMessage({ ...task, id } satisfies IndexTask);
    });
  }

  #idlest(): Member | undefined {
    return this.#members.toSorted((a, b) => a.waiting.size - b.waiting.size)[0];
  }

  #start(settings: WorkerSettings): Member {
    const fromSource = import.meta.url.endsWith('.ts');
    const file = fromSource
      ? new URL('./index-worker.ts', import.meta.url)
      : new URL('./index-worker.js', import.meta.url);
    const worker = new Worker(file, {
      workerData: settings,
      // From source the other packages' sources are meant too, however this thread resolves them.
      ...(fromSource ? { execArgv: ['--conditions=@kops/source'] } : {}),
    });
    const member: Member = { worker, waiting: new Map() };
    worker.on('message', (message: WorkerAnswer) => this.#take(member, message));
    worker.on('error', (cause: unknown) => this.fail(died('failed', cause)));
    worker.on('messageerror', (cause) => this.fail(died('was not understood', cause)));
    worker.on('exit', (code) => {
      if (!this.#isClosing) this.fail(died(`ended by itself (${code})`));
    });
    return member;
  }

  #take({ waiting }: Member, message: WorkerAnswer): void {
    if (message.type === 'progress') {
      this.#listener.onRecords(message.records);
      return;
    }
    if (message.type === 'waiting') {
      this.#listener.onWaiting(revivedError(message.error));
      return;
    }
    const task = waiting.get(message.id);
    if (task === undefined) return;
    if (message.type === 'piece') note(task, task.listener.onPiece(message.piece, message.outcome));
    else if (message.type === 'damaged')
      note(task, task.listener.onDamaged(message.piece, revivedError(message.error)));
    else {
      waiting.delete(message.id);
      settle(task, message.type === 'failed' ? revivedError(message.error) : undefined);
    }
  }

  /** Ends all tasks, and those to come, with an error. */
  fail(error: KopsError): void {
    this.#failure ??= error;
    for (const { waiting } of this.#members) {
      for (const { reject } of waiting.values()) reject(this.#failure);
      waiting.clear();
    }
  }
}

function note(task: Waiting, handled: Promise<void>): void {
  // Awaited when the task ends; until then a failure must not count as unhandled.
  handled.catch(() => undefined);
  task.handled.push(handled);
}

/** Ends a task once what it told is dealt with. */
function settle(task: Waiting, error: KopsError | undefined): void {
  Promise.allSettled(task.handled)
    .then((results) => {
      const failed = results.find((result) => result.status === 'rejected');
      const reason: unknown = error ?? failed?.reason;
      if (reason === undefined) task.resolve();
      else task.reject(reason);
    })
    .catch(task.reject);
}

function died(what: string, cause?: unknown): KopsError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new KopsError('KOPS_UNEXPECTED', `a thread that indexes ${what}${why}`, {
    hint: 'Try again with fewer threads. If it happens again, report it.',
    ...(cause === undefined ? {} : { cause }),
  });
}
