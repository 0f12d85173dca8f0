import { KopsError, type Coordinates, type Semaphore } from '@kops/core';
import type { Ack, Duplex, Frame } from '@kops/transport';
import { BatchAssembler } from './batch-assembler.ts';
import type { GroupSync } from './group-sync.ts';
import type { PartitionSink } from './partition-sink.ts';

/** What a session works with. */
export interface SessionOptions {
  readonly sink: PartitionSink;
  readonly duplex: Duplex<Frame, Ack>;
  /** Iterator of the duplex' frames, past Open. */
  readonly frames: AsyncIterator<Frame>;
  readonly groupSync: GroupSync;
  /** Bytes that frames of all streams may hold in memory. */
  readonly budget: Semaphore;
  readonly segmentBytes: number;
  /** Throws KOPS_FENCED when the assignment is no longer current. */
  readonly checkEpoch: () => void;
}

/** How the agent ended its stream. */
export type SessionEnd = (Frame & { type: 'end' })['reason'];

/** Bytes of data an agent may have under way on one stream. */
const creditBytes = 2 * 1024 * 1024;

/** One PartitionStream from Opened to its end: appends frames to the sink and acknowledges what is durable. */
export class StreamSession {
  readonly #options: SessionOptions;
  readonly #assembler = new BatchAssembler();
  #heldBytes = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Acknowledges the sink's watermark; failures reach the session through its frames. */
  acknowledge(): void {
    const { duplex, sink } = this.#options;
    duplex.send({ type: 'durable', offset: sink.durable }).catch((error: unknown) => {
      duplex.abort(KopsError.locate(error, this.#at()));
    });
  }

  /** Resolves when the agent has ended the stream and everything it sent is durable. */
  async run(): Promise<SessionEnd> {
    const { sink, duplex, segmentBytes } = this.#options;
    sink.beginRun();
    await duplex.send({
      type: 'opened',
      resumeOffset: sink.position,
      lastEpoch: sink.lastEpoch,
      credit: creditBytes,
      stateEveryBytes: segmentBytes,
      baseline: sink.isEmpty,
    });
    try {
      for (;;) {
        const next = await this.#options.frames.next();
        if (next.done === true)
          throw new KopsError(
            'KOPS_ARCHIVER_UNREACHABLE',
            'the agent closed its stream before the end frame',
            { at: this.#at() },
          );
        if (next.value.type === 'end') return await this.#end(next.value.reason);
        this.#options.checkEpoch();
        await this.#onFrame(next.value);
      }
    } finally {
      this.#release();
    }
  }

  async #onFrame(frame: Exclude<Frame, { type: 'end' }>): Promise<void> {
    switch (frame.type) {
      case 'data':
        await this.#onData(frame.bytes);
        return;
      case 'state':
        await this.#onState(frame);
        return;
      case 'loss':
        await this.#options.sink.lose(frame);
        return;
      case 'open':
        throw new KopsError('KOPS_UNEXPECTED', 'a stream was opened twice', { at: this.#at() });
    }
  }

  async #onData(bytes: Uint8Array): Promise<void> {
    const { sink, budget, duplex, groupSync } = this.#options;
    // Inside of a batch its whole size is held already.
    if (this.#heldBytes === 0) this.#heldBytes = await budget.acquire(bytes.length);
    const runs = this.#assembler.push(bytes);
    for (const run of runs) {
      await sink.append(run);
      groupSync.mark(sink);
    }
    if (
      runs.length > 0 ||
      this.#heldBytes < Math.min(this.#assembler.pendingBytes, budget.capacity)
    )
      await this.#holdPending();
    await duplex.send({ type: 'credit', bytes: bytes.length });
  }

  /** Holds what the unfinished batch will need, all at once: streams that each hold a part and wait for more would wait for each other. */
  async #holdPending(): Promise<void> {
    const { budget } = this.#options;
    this.#release();
    const { pendingBytes } = this.#assembler;
    if (pendingBytes > 0) this.#heldBytes = await budget.acquire(pendingBytes);
  }

  async #onState(state: Frame & { type: 'state' }): Promise<void> {
    const { sink } = this.#options;
    const ours = await sink.runDigest();
    if (!this.#assembler.atBoundary || !ours.equals(state.sha256)) {
      await sink.rejectRun();
      throw new KopsError(
        'KOPS_BATCH_CORRUPT',
        'the received bytes differ from those that the agent fetched',
        {
          at: { ...this.#at(), offset: sink.position },
          hint: 'Check the memory and the network of both hosts, then run the backup again.',
        },
      );
    }
    sink.beginRun();
    sink.noteEnds(state);
    await sink.skipTo(state.nextOffset, state.logStart);
  }

  async #end(reason: SessionEnd): Promise<SessionEnd> {
    const { sink, groupSync, duplex } = this.#options;
    if (reason === 'reached') await sink.seal();
    else await sink.sync();
    groupSync.mark(sink);
    await duplex.send({ type: 'durable', offset: sink.durable });
    duplex.end();
    return reason;
  }

  #release(): void {
    this.#options.budget.release(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #at(): Coordinates {
    const { plan } = this.#options.sink;
    return { topic: plan.topic.name, partition: plan.snapshot.partition };
  }
}
