import type { Ack, CaptureClient, Duplex, Frame } from '@kops/transport';

/** The archiver's side of one stream. */
export class FakeArchiver {
  readonly frames: Frame[] = [];
  /** Credit that is granted at once. */
  credit = 10_000_000;
  readonly #stop = new AbortController();
  readonly #acks: Ack[] = [];
  #isEnded = false;
  #wake: () => void = () => undefined;

  get client(): CaptureClient {
    return { stream: () => this.#duplex() } as Partial<CaptureClient> as CaptureClient;
  }

  say(ack: Ack): void {
    this.#acks.push(ack);
    this.#wake();
  }

  #duplex(): Duplex<Ack, Frame> {
    return {
      incoming: { [Symbol.asyncIterator]: () => this.#incoming() },
      send: async (frame) => {
        // A copy: the fetched memory is used again once it was sent.
        this.frames.push(
          frame.type === 'data' ? { ...frame, bytes: new Uint8Array(frame.bytes) } : frame,
        );
        if (frame.type === 'open')
          this.say({
            type: 'opened',
            resumeOffset: 0n,
            lastEpoch: -1,
            credit: this.credit,
            stateEveryBytes: 1000,
            baseline: true,
          });
      },
      end: () => {
        this.#isEnded = true;
        this.#wake();
      },
      abort: (error) => {
        this.#stop.abort(error);
        this.#wake();
      },
      signal: this.#stop.signal,
    };
  }

  async *#incoming(): AsyncGenerator<Ack> {
    for (;;) {
      const ack = this.#acks.shift();
      if (ack !== undefined) yield ack;
      else if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
      else if (this.#isEnded) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
