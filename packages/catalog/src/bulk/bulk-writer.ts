import {
  KopsError,
  systemClock,
  throwIfAborted,
  toKopsError,
  type Clock,
  type RetryPolicy,
} from '@kops/core';
import type { BulkCounts, BulkItem, BulkOptions, BulkWriter, SendBulk } from './bulk-port.ts';
import { BulkRequest, type RequestEntry } from './bulk-request.ts';
import { judgeResult } from './judge-result.ts';

const mebibyte = 1024 * 1024;
const defaultRetry: RetryPolicy = { initialDelayMs: 200, maxDelayMs: 15_000, deadlineMs: 300_000 };

/** Time and chance; replace them in tests only. */
export interface BulkEnvironment {
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** Makes a writer on top of a function that sends one request. */
export function createBulkWriter(
  send: SendBulk,
  options: BulkOptions,
  environment: BulkEnvironment = {},
): BulkWriter {
  return new RequestWriter(send, options, environment);
}

interface Attempts {
  count: number;
  readonly started: number;
}

class RequestWriter implements BulkWriter {
  readonly counts = {
    added: 0,
    created: 0,
    updated: 0,
    dropped: 0,
    rejected: 0,
    requests: 0,
    retries: 0,
    bytes: 0,
  } satisfies BulkCounts;
  readonly #send: SendBulk;
  readonly #options: BulkOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #underway = new Set<Promise<void>>();
  /** Ends pauses and requests when the writer fails or is closed. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #maxRequestBytes: number;
  readonly #concurrency: number;
  #filling: BulkRequest | undefined;
  #failure: KopsError | undefined;

  constructor(send: SendBulk, options: BulkOptions, environment: BulkEnvironment) {
    this.#send = send;
    this.#options = options;
    this.#clock = environment.clock ?? systemClock;
    this.#random = environment.random ?? Math.random;
    this.#maxRequestBytes = options.maxRequestBytes ?? 5 * mebibyte;
    this.#concurrency = options.concurrency ?? 2;
    this.#signal =
      options.signal === undefined
        ? this.#stop.signal
        : AbortSignal.any([options.signal, this.#stop.signal]);
  }

  add(item: BulkItem): Promise<void> | undefined {
    this.#throwIfFailed();
    this.counts.added++;
    this.#filling ??= new BulkRequest(this.#maxRequestBytes);
    if (this.#filling.add(item)) return undefined;
    const full = this.#filling;
    this.#filling = new BulkRequest(this.#maxRequestBytes);
    this.#filling.add(item);
    this.#dispatch(full);
    return this.#underway.size > this.#concurrency - 1 ? this.#room() : undefined;
  }

  async flush(): Promise<void> {
    this.#throwIfFailed();
    const last = this.#filling;
    this.#filling = undefined;
    if (last !== undefined) this.#dispatch(last);
    while (this.#underway.size > 0) await Promise.race(this.#underway);
    this.#throwIfFailed();
  }

  /** Waits for what is under way; what was not flushed is not sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#filling = undefined;
    this.#fail(new KopsError('KOPS_INTERRUPTED', 'the bulk writer is closed'));
    await Promise.all(this.#underway);
  }

  async #room(): Promise<void> {
    while (this.#underway.size >= this.#concurrency) await Promise.race(this.#underway);
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    throwIfAborted(this.#options.signal);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: KopsError): void {
    this.#failure ??= error;
    this.#stop.abort(this.#failure);
  }

  /** Sends a request; its failure is the writer's. */
  #dispatch(request: BulkRequest): void {
    const attempts = { count: 0, started: this.#clock.monotonic() };
    const work: Promise<void> = this.#deliver(request, attempts)
      .catch((error: unknown) => {
        this.#fail(toKopsError(error));
      })
      .finally(() => this.#underway.delete(work));
    this.#underway.add(work);
  }

  async #deliver(request: BulkRequest, attempts: Attempts): Promise<void> {
    for (let left: BulkRequest | undefined = request; left !== undefined;) {
      throwIfAborted(this.#signal);
      attempts.count++;
      left = await this.#attempt(left, attempts);
    }
  }

  /** Sends once; what is to be sent again comes back, after the pause. */
  async #attempt(request: BulkRequest, attempts: Attempts): Promise<BulkRequest | undefined> {
    this.counts.requests++;
    this.counts.bytes += request.byteLength;
    let results;
    try {
      results = (await this.#send(request.body, this.#signal)).items;
    } catch (thrown) {
      const error = toKopsError(thrown);
      if (error instanceof RequestTooLarge) return this.#halve(request, attempts);
      if (!error.retryable) throw error;
      await this.#pause(error, attempts);
      return request;
    }
    if (results.length !== request.entries.length) {
      throw new KopsError(
        'KOPS_ELASTICSEARCH_REFUSED',
        `Elasticsearch answered for ${results.length} of ${request.entries.length} documents`,
        { hint: 'Check for a proxy between kops and Elasticsearch that changes responses.' },
      );
    }
    const again: RequestEntry[] = [];
    let overload: KopsError | undefined;
    for (const [index, entry] of request.entries.entries()) {
      const result = Object.values(results[index] ?? {})[0] ?? { status: 500 };
      const verdict = judgeResult(result, entry.item, attempts.count);
      if (verdict.kind === 'fatal') throw verdict.error;
      if (verdict.kind === 'retry') {
        overload = verdict.error;
        again.push(entry);
      } else if (verdict.kind === 'reject') {
        const { status, type, reason } = verdict;
        const { item } = entry;
        await this.#reject({ ...item, status, type, reason });
      } else this.counts[verdict.kind]++;
    }
    if (overload === undefined) return undefined;
    await this.#pause(overload, attempts);
    return again.length === request.entries.length ? request : request.pick(again);
  }

  async #reject({
    index,
    id,
    json,
    status,
    type,
    reason,
  }: Parameters<BulkOptions['onRejected']>[0]): Promise<void> {
    await this.#options.onRejected({ index, id, json, status, type, reason });
    this.counts.rejected++;
  }

  async #pause(error: KopsError, { count, started }: Attempts): Promise<void> {
    const policy = this.#options.retry ?? defaultRetry;
    const ceiling = Math.min(
      policy.maxDelayMs,
      policy.initialDelayMs * 2 ** Math.min(count - 1, 30),
    );
    const pause = ceiling / 2 + (this.#random() * ceiling) / 2;
    if (this.#clock.monotonic() - started + pause > policy.deadlineMs) throw error;
    this.counts.retries++;
    this.#options.onRetry?.(error, count);
    await this.#clock.sleep(pause, this.#signal);
  }

  /** The server, or a proxy before it, takes only smaller requests. */
  async #halve(request: BulkRequest, attempts: Attempts): Promise<undefined> {
    const { entries } = request;
    const [only] = entries;
    if (entries.length === 1 && only !== undefined) {
      const reason = `a document of ${String(only.item.json.length)} characters is too large a request`;
      await this.#reject({ ...only.item, status: 413, type: 'request_too_large', reason });
      return;
    }
    const middle = Math.ceil(entries.length / 2);
    for (const half of [entries.slice(0, middle), entries.slice(middle)])
      await this.#deliver(request.pick(half), { ...attempts, count: 0 });
  }
}

/** Thrown by a {@link SendBulk} when the server refuses a request for its size. */
export class RequestTooLarge extends KopsError {
  constructor(message: string) {
    super('KOPS_ELASTICSEARCH_REFUSED', message, {
      hint: 'Raise http.max_content_length in Elasticsearch, or the body limit of the proxy in front of it.',
    });
  }
}
