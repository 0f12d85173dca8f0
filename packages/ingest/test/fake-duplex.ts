import { KopsError } from '@kops/core';
import type { Duplex } from '@kops/transport';

/** One side's view of a stream whose other side a test plays. */
export class FakeDuplex<In, Out> implements Duplex<In, Out> {
  readonly sent: Out[] = [];
  isEnded = false;
  readonly #stop = new AbortController();
  readonly #queue: In[] = [];
  #isClosed = false;
  #wake: () => void = () => undefined;

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Lets a message come in. */
  say(...messages: In[]): void {
    this.#queue.push(...messages);
    this.#wake();
  }

  /** The other side has nothing more to say. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  get incoming(): AsyncIterable<In> {
    return { [Symbol.asyncIterator]: () => this.#messages() };
  }

  async send(message: Out): Promise<void> {
    if (this.signal.aborted) throw this.signal.reason as Error;
    this.sent.push(message);
  }

  end(): void {
    this.isEnded = true;
  }

  abort(error: KopsError): void {
    this.#stop.abort(error);
    this.#wake();
  }

  /** Waits until the other side would have got a message that satisfies. */
  async until(isWanted: (message: Out) => boolean): Promise<Out> {
    for (let turn = 0; turn < 2000; turn++) {
      const found = this.sent.find(isWanted);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new KopsError('KOPS_UNEXPECTED', 'the message was not sent');
  }

  async *#messages(): AsyncGenerator<In> {
    for (;;) {
      const message = this.#queue.shift();
      if (message !== undefined) yield message;
      else if (this.signal.aborted) throw this.signal.reason;
      else if (this.#isClosed) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
