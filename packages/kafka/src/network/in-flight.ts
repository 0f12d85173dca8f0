import { throwIfAborted, toKopsError, type KopsError } from '@kops/core';
import type { BufferPool } from './buffer-pool.ts';
import type { Frame } from './frame-receiver.ts';

/** Correlation ids below are those of kafkajs' own SASL requests on the same socket. */
export const firstCorrelationId = 0x4000_0000;
const lastCorrelationId = 0x7fff_ffff;

interface Waiting {
  /** Gives the broker so much more time. */
  readonly extend: (ms: number) => void;
  readonly settle: (frame: Frame) => void;
  readonly fail: (error: KopsError) => void;
}

/** How long an answer is waited for, and who may give up. */
export interface WaitOptions {
  readonly timeoutMs: number;
  readonly onTimeout: () => void;
  readonly signal: AbortSignal | undefined;
}

/** Requests of one connection that wait for their answers. Each ends: by its answer, its timeout, its signal or the connection's end. */
export class InFlightRequests {
  readonly #pool: BufferPool;
  readonly #waiting = new Map<number, Waiting>();
  #next = firstCorrelationId;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Writes a request by `write` and waits for its answer. */
  async wait(options: WaitOptions, write: (correlationId: number) => void): Promise<Frame> {
    const { signal } = options;
    const correlationId = this.#next;
    this.#next = correlationId === lastCorrelationId ? firstCorrelationId : correlationId + 1;
    return new Promise<Frame>((resolve, reject) => {
      const onAbort = (): void => {
        try {
          throwIfAborted(signal);
        } catch (error) {
          reject(toKopsError(error));
        }
      };
      let deadline = performance.now() + options.timeoutMs;
      let timer = setTimeout(options.onTimeout, options.timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.set(correlationId, {
        extend: (ms) => {
          deadline += ms;
          clearTimeout(timer);
          timer = setTimeout(options.onTimeout, deadline - performance.now());
        },
        settle: (frame) => {
          done();
          // The request was given up: nobody will release this memory.
          if (signal?.aborted === true) this.#pool.give(frame.storage);
          resolve(frame);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      });
      write(correlationId);
    });
  }

  /** The broker reads nothing for so long: all that waits may take longer. */
  extend(ms: number): void {
    for (const waiting of this.#waiting.values()) waiting.extend(ms);
  }

  /** Hands an answer to its request; false when there is none. */
  settle(correlationId: number, frame: Frame): boolean {
    const waiting = this.#waiting.get(correlationId);
    this.#waiting.delete(correlationId);
    waiting?.settle(frame);
    return waiting !== undefined;
  }

  /** Ends all waits. */
  failAll(error: KopsError): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of all) waiting.fail(error);
  }
}
