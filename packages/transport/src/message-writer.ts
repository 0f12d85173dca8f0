import type { Writable } from 'node:stream';
import { KopsError, toKopsError } from '@kops/core';
import type { CallOutcome } from './call-outcome.ts';

/** What a call sends. */
export interface MessageWriter<Out> {
  /** Resolves when the transport takes more; rejects with what the call failed with. */
  readonly send: (message: Out) => Promise<void>;
  /** No more messages. Calling it again does nothing. */
  readonly end: () => void;
}

/** Writes messages to a call's stream, as fast as flow control lets them go. */
export function writeMessages<Out>(
  stream: Writable,
  outcome: CallOutcome,
  check?: (message: Out) => void,
): MessageWriter<Out> {
  /** grpc-js drops the callbacks of messages that it still holds when a call ends. */
  const waiting = new Set<(error: KopsError) => void>();
  let isEnded = false;

  outcome.onSettled(() => {
    const error = outcome.failure ?? endedByPeer();
    for (const reject of waiting) reject(error);
    waiting.clear();
  });

  return {
    send: (message) =>
      new Promise<void>((resolve, reject) => {
        if (outcome.failure !== undefined) throw outcome.failure;
        if (isEnded)
          throw new KopsError('KOPS_UNEXPECTED', 'a message was sent after the end of the stream');
        if (outcome.isFinished) throw endedByPeer();
        check?.(message);
        waiting.add(reject);
        stream.write(message, (error) => {
          waiting.delete(reject);
          if (error) reject(outcome.failure ?? toKopsError(error));
          else resolve();
        });
      }),
    end: () => {
      if (isEnded) return;
      isEnded = true;
      stream.end();
    },
  };
}

function endedByPeer(): KopsError {
  return new KopsError('KOPS_INTERRUPTED', 'the peer ended the call');
}
