import {
  Metadata,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
} from '@grpc/grpc-js';
import type { Duplex as NodeDuplex, Writable } from 'node:stream';
import { KopsError, toKopsError } from '@kops/core';
import { CallOutcome } from './call-outcome.ts';
import { readable } from './codec.ts';
import { readMessages } from './message-reader.ts';
import { writeMessages } from './message-writer.ts';
import type { Duplex } from './port.ts';
import { addRevision } from './revision.ts';
import { toStatus } from './status.ts';

/** What the kinds of calls have in common at grpc-js. Those that answer with a stream are writable as well. */
interface OpenCall extends NodeJS.EventEmitter {
  readonly writableEnded?: boolean;
  readonly writableLength?: number;
  sendMetadata(metadata: Metadata): void;
}

/** The calls that a server has open, to end them when it closes. */
export class ServerCalls {
  readonly #open = new Set<(error: KopsError) => void>();

  /** Fails every open call with an error, on both sides. */
  abortAll(error: KopsError): void {
    for (const abort of this.#open) abort(error);
  }

  /** A handler of one request and one answer. */
  unary<Request, Response>(
    answer: (request: Request, signal: AbortSignal) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const outcome = new CallOutcome();
      const abort = (error: KopsError): void => {
        if (outcome.fail(error)) callback(toStatus(error));
      };
      this.#watch(call, outcome, abort);
      const run = async (): Promise<Response> => answer(readable(call.request), outcome.signal);
      run().then(
        (response) => {
          if (outcome.finish()) callback(null, response);
        },
        (error: unknown) => {
          abort(toKopsError(error));
        },
      );
    };
  }

  /** A handler of one request and a stream of answers. */
  serverStream<Request, Response>(
    answer: (request: Request, signal: AbortSignal) => AsyncIterable<Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => {
      const outcome = new CallOutcome();
      const abort = failing(call, outcome);
      this.#watch(call, outcome, abort);
      const stream = call as unknown as Writable;
      const { send, end } = writeMessages<Response>(stream, outcome);
      finishWhenFlushed(stream, outcome);
      const run = async (): Promise<void> => {
        for await (const message of answer(readable(call.request), outcome.signal))
          await send(message);
      };
      run().then(end, (error: unknown) => {
        abort(toKopsError(error));
      });
    };
  }

  /** A handler of a stream each way. The call ends when the handler's promise does, if not before. */
  bidi<In, Out>(
    handle: (duplex: Duplex<In, Out>) => Promise<void>,
  ): handleBidiStreamingCall<In, Out> {
    return (call) => {
      const outcome = new CallOutcome();
      const abort = failing(call, outcome);
      this.#watch(call, outcome, abort);
      const stream = call as unknown as NodeDuplex;
      const incoming = readMessages<In>(stream, outcome, abort);
      const { send, end } = writeMessages<Out>(stream, outcome);
      finishWhenFlushed(stream, outcome);
      const run = async (): Promise<void> =>
        handle({ incoming, send, end, abort, signal: outcome.signal });
      run().then(end, (error: unknown) => {
        abort(toKopsError(error));
      });
    };
  }

  #watch(call: OpenCall, outcome: CallOutcome, abort: (error: KopsError) => void): void {
    // At once, as the sign that the call has arrived: clients wait for it for a short time only.
    call.sendMetadata(addRevision(new Metadata()));
    this.#open.add(abort);
    outcome.onSettled(() => {
      this.#open.delete(abort);
    });
    // Emitted as well when a call has ended in good order: then the outcome is settled already.
    call.on('cancelled', () => {
      if (hasEnded(call)) outcome.finish();
      else outcome.fail(abandoned());
    });
  }
}

function failing(call: NodeJS.EventEmitter, outcome: CallOutcome): (error: KopsError) => void {
  return (error) => {
    // grpc-js takes the status of a stream from its error event.
    if (outcome.fail(error)) call.emit('error', toStatus(error));
  };
}

function finishWhenFlushed(stream: Writable, outcome: CallOutcome): void {
  stream.once('finish', () => outcome.finish());
}

function hasEnded(call: OpenCall): boolean {
  return call.writableEnded === true && call.writableLength === 0;
}

function abandoned(): KopsError {
  return new KopsError(
    'KOPS_INTERRUPTED',
    'the peer cancelled the call or its connection was lost',
  );
}
