import { KopsError, toKopsError, withDeadline, type Offset, type Semaphore } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import {
  RunDigest,
  type Ack,
  type CaptureClient,
  type Duplex,
  type EndReason,
  type Frame,
  type PartitionAssignment,
} from '@kops/transport';
import { CreditGate } from './credit-gate.ts';
import { LogCursor, type CaptureLimits, type LogEvent, type LogState } from './log-cursor.ts';
import { prefetch } from './prefetch.ts';

/** What a PartitionStream needs of its agent. */
export interface StreamContext {
  readonly agentId: string;
  readonly cluster: string;
  readonly kafka: KafkaClient;
  readonly capture: CaptureClient;
  readonly budget: Semaphore;
  readonly limits: CaptureLimits;
  /** Aborted when the assignment is revoked or the agent stops. */
  readonly signal: AbortSignal;
}

/** How a PartitionStream ended. */
export interface StreamOutcome {
  readonly reason: EndReason;
  /** The position it ended at. */
  readonly next: Offset;
}

type Opened = Ack & { type: 'opened' };

const openDeadlineMs = 15_000;
const closeDeadlineMs = 60_000;

/**
 * Carries one partition from its archived watermark to its assignment's end, or until it idles.
 * Resolves after the archiver has confirmed the end, so that everything sent is durable.
 * @throws KOPS_FENCED when another assignment owns the partition; what the cursor and the transport throw.
 */
export async function runPartitionStream(
  assignment: PartitionAssignment,
  context: StreamContext,
): Promise<StreamOutcome> {
  const duplex = context.capture.stream();
  const stream = new PartitionStream(assignment, context, duplex);
  try {
    return await stream.run();
  } catch (error) {
    // What the stream itself has ended with is the cause of whatever else ended because of it.
    const failure = toKopsError(duplex.signal.aborted ? duplex.signal.reason : error);
    duplex.abort(failure);
    throw KopsError.locate(failure, { topic: assignment.topic, partition: assignment.partition });
  }
}

class PartitionStream {
  readonly #assignment: PartitionAssignment;
  readonly #context: StreamContext;
  readonly #duplex: Duplex<Ack, Frame>;
  readonly #credit: CreditGate;
  readonly #opened = Promise.withResolvers<Opened>();
  readonly #signal: AbortSignal;
  readonly #digest = new RunDigest();
  #sinceState = 0;
  /** The last frame sent ended inside of a batch. */
  #midBatch = false;
  #position: Offset = -1n;
  #state: LogState = { highWatermark: -1n, lastStableOffset: -1n, logStart: -1n };

  constructor(assignment: PartitionAssignment, context: StreamContext, duplex: Duplex<Ack, Frame>) {
    this.#assignment = assignment;
    this.#context = context;
    this.#duplex = duplex;
    this.#signal = AbortSignal.any([context.signal, duplex.signal]);
    this.#credit = new CreditGate(this.#signal);
  }

  async run(): Promise<StreamOutcome> {
    const acks = this.#readAcks();
    // Awaited at the end; a failure before that also reaches us through the duplex' signal.
    acks.catch(() => undefined);
    const opened = await this.#open();
    this.#position = opened.resumeOffset;
    const reason = await this.#carry(opened);
    // A revocation may come inside of a batch: what was sent of it is dropped at the other end.
    if (!this.#midBatch) await this.#sendState();
    await this.#duplex.send({ type: 'end', reason });
    this.#duplex.end();
    await withDeadline(acks, {
      ms: closeDeadlineMs,
      code: 'KOPS_ARCHIVER_UNREACHABLE',
      what: 'confirmation that the partition stream ended',
      hint: 'Check the log and the disk of the archiver. The next run resumes from the durable data.',
    });
    return { reason, next: this.#position };
  }

  async #open(): Promise<Opened> {
    const { topic, partition, topicId, epoch } = this.#assignment;
    const { agentId, cluster } = this.#context;
    await this.#duplex.send({
      type: 'open',
      agentId,
      epoch,
      cluster,
      topic,
      topicId,
      partition,
      leaderEpoch: -1,
      logStart: -1n,
    });
    return withDeadline(this.#opened.promise, {
      ms: openDeadlineMs,
      code: 'KOPS_ARCHIVER_UNREACHABLE',
      what: 'answer to the open frame of a partition stream',
    });
  }

  async #readAcks(): Promise<void> {
    try {
      for await (const ack of this.#duplex.incoming) this.#onAck(ack);
      this.#opened.reject(
        new KopsError(
          'KOPS_ARCHIVER_UNREACHABLE',
          'the archiver closed the stream before answering the open frame',
        ),
      );
    } catch (error) {
      this.#opened.reject(error);
      // Whoever waits for credit must not go on waiting.
      this.#duplex.abort(toKopsError(error));
      throw error;
    }
  }

  #onAck(ack: Ack): void {
    if (ack.type === 'opened') {
      this.#credit.grant(ack.credit);
      this.#opened.resolve(ack);
    } else if (ack.type === 'credit') {
      this.#credit.grant(ack.bytes);
    } else if (ack.type === 'fence') {
      throw new KopsError('KOPS_FENCED', ack.reason);
    }
  }

  async #carry(opened: Opened): Promise<EndReason> {
    const { kafka, budget, limits } = this.#context;
    const cursor = new LogCursor({
      kafka,
      assignment: this.#assignment,
      from: opened.resumeOffset,
      lastEpoch: opened.lastEpoch,
      baseline: opened.baseline,
      budget,
      limits,
      signal: this.#signal,
    });
    try {
      for await (const event of prefetch(cursor.events())) {
        if (event.type === 'end') return event.reason;
        await this.#onEvent(event, opened.stateEveryBytes);
      }
    } catch (error) {
      if (this.#context.signal.aborted && !this.#duplex.signal.aborted) return 'revoked';
      throw error;
    } finally {
      cursor.close();
    }
    throw new KopsError('KOPS_UNEXPECTED', 'the cursor finished without an end event');
  }

  async #onEvent(
    event: Exclude<LogEvent, { type: 'end' }>,
    stateEveryBytes: number,
  ): Promise<void> {
    switch (event.type) {
      case 'run':
        this.#state = event.state;
        try {
          await this.#sendRun(event, stateEveryBytes);
        } finally {
          event.release();
        }
        return;
      case 'hole':
        this.#state = event.state;
        this.#position = event.next;
        return;
      case 'restart':
        this.#position = event.next;
        this.#state = { ...this.#state, logStart: event.next };
        await this.#sendState();
        return;
      case 'loss':
        // State first: the hash of what came before must not run across a change of lineage.
        await this.#sendState();
        await this.#duplex.send(event);
        this.#position = event.reason === 'truncation' ? event.from : event.to;
        return;
    }
  }

  async #sendRun(run: LogEvent & { type: 'run' }, stateEveryBytes: number): Promise<void> {
    for (const frame of run.frames) {
      await this.#credit.take(frame.bytes.length);
      if (!this.#midBatch) this.#digest.add(frame.bytes);
      this.#midBatch = true;
      await this.#duplex.send({ type: 'data', bytes: frame.bytes });
      this.#sinceState += frame.bytes.length;
      this.#midBatch = frame.next === undefined;
      if (frame.next === undefined) continue;
      this.#position = frame.next;
      if (this.#sinceState >= stateEveryBytes) await this.#sendState();
    }
  }

  async #sendState(): Promise<void> {
    const sha256 = this.#digest.digest();
    this.#digest.reset();
    this.#sinceState = 0;
    await this.#duplex.send({
      type: 'state',
      ...pick(this.#state),
      sha256,
      nextOffset: this.#position,
    });
  }
}

const pick = ({ highWatermark, lastStableOffset, logStart }: LogState): LogState => ({
  highWatermark,
  lastStableOffset,
  logStart,
});
