import type { Readable } from 'node:stream';
import { toKopsError, type KopsError } from '@kops/core';
import type { CallOutcome } from './call-outcome.ts';
import { readable, type UnreadableMessage } from './codec.ts';

/** Messages read ahead of the consumer, above what HTTP/2 flow control lets the peer send. */
const readAhead = 2;

/** What a call receives. */
export interface MessageReader<In> extends AsyncIterable<In> {
  /** Whether the peer has half-closed and everything it sent was read. */
  readonly isEnded: boolean;
}

/**
 * The messages of a call's stream, in order; ends with the peer, throws what the call failed with.
 * As long as nobody takes them the stream is not read, and flow control stops the peer.
 */
export function readMessages<In>(
  stream: Readable,
  outcome: CallOutcome,
  abort: (error: KopsError) => void,
): MessageReader<In> {
  limitReadAhead(stream);
  let wake: (() => void) | undefined;
  let isEnded = false;
  const notify = (): void => {
    wake?.();
  };
  const waitForMore = async (): Promise<void> => {
    await new Promise<void>((resolve) => (wake = resolve));
    wake = undefined;
  };
  stream.on('readable', notify);
  stream.once('end', () => {
    // Streams of a connection that breaks, and cancelled ones, end too before grpc-js tells that they were cancelled, some ticks
    // later in the same turn: a lost peer must not pass for one that has said all.
    setImmediate(() => {
      isEnded = true;
      notify();
    });
  });
  outcome.onSettled(notify);

  async function* messages(): AsyncGenerator<In> {
    for (;;) {
      const message = stream.read() as In | UnreadableMessage | null;
      if (message !== null) yield readOrAbort(message, abort);
      // What came before the failure is delivered first: a last word may explain it.
      else if (outcome.failure !== undefined) throw outcome.failure;
      else if (isEnded || outcome.isFinished) return;
      else await waitForMore();
    }
  }

  return {
    get isEnded() {
      return isEnded;
    },
    [Symbol.asyncIterator]: messages,
  };
}

function readOrAbort<In>(message: In | UnreadableMessage, abort: (error: KopsError) => void): In {
  try {
    return readable(message);
  } catch (error) {
    abort(toKopsError(error));
    throw error;
  }
}

/** grpc-js creates its streams with Node's default of 16 messages, which would be 4 MiB of frames per stream. */
function limitReadAhead(stream: Readable): void {
  const state = Reflect.get(stream, '_readableState') as { highWaterMark: number };
  state.highWaterMark = readAhead;
}
