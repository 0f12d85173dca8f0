import {
  Client,
  logVerbosity,
  setLogVerbosity,
  status,
  type ClientReadableStream,
  type Metadata,
} from '@grpc/grpc-js';
import type { Duplex as NodeDuplex } from 'node:stream';
import { KopsError, throwIfAborted, toKopsError } from '@kops/core';
import { CallOutcome } from './call-outcome.ts';
import { readable } from './codec.ts';
import { clientCredentials, locate } from './endpoint.ts';
import { readMessages } from './message-reader.ts';
import { writeMessages } from './message-writer.ts';
import type { Method } from './methods.ts';
import { clientOptions, withDefaults, type Bounds, type TransportOptions } from './options.ts';
import type { Duplex, Endpoint } from './port.ts';
import { archiverRefusal } from './revision.ts';
import { callMetadata } from './secret.ts';
import { fromStatus, unreachable } from './status.ts';

// Errors are thrown; grpc-js would print some of them as well.
if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);

/** What the three kinds of calls have in common at grpc-js. */
type OpenCall = Pick<ClientReadableStream<unknown>, 'cancel'> & NodeJS.EventEmitter;

/** A connection to an archiver, made on the first call and made anew when it was lost. */
export class ClientChannel implements AsyncDisposable {
  readonly #address: string;
  readonly #client: Client;
  readonly #metadata: Metadata;
  readonly #bounds: Bounds;
  readonly #openCalls = new Set<(error: KopsError) => void>();
  #isClosed = false;

  /** @throws KOPS_CONFIG when the endpoint is unusable */
  constructor(endpoint: Endpoint, options: TransportOptions) {
    const { target } = locate(endpoint);
    this.#address = endpoint.address;
    this.#bounds = withDefaults(options);
    this.#metadata = callMetadata(endpoint.secret);
    this.#client = new Client(target, clientCredentials(endpoint), clientOptions(this.#bounds));
  }

  /** One request, one answer. @throws KOPS_ARCHIVER_UNREACHABLE when there is none within `timeoutMs` */
  async unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Response> {
    throwIfAborted(signal);
    this.#throwWhenClosed();
    const outcome = new CallOutcome();
    return new Promise<Response>((resolve, reject) => {
      outcome.onSettled(() => {
        if (outcome.failure !== undefined) reject(outcome.failure);
      });
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.request.serialize,
        method.response.deserialize,
        request,
        this.#metadata,
        { deadline: Date.now() + timeoutMs },
        (error, answer) => {
          if (error !== null) outcome.fail(fromStatus(error, this.#address));
          else if (answer !== undefined && outcome.finish())
            settleReadable(answer, resolve, reject);
        },
      );
      this.#watch(call, outcome, signal);
    });
  }

  /** One request, a stream of answers that ends with the consumer's interest in it. */
  async *serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal?: AbortSignal,
  ): AsyncGenerator<Response> {
    throwIfAborted(signal);
    const outcome = new CallOutcome();
    this.#throwWhenClosed();
    const call = this.#client.makeServerStreamRequest(
      method.path,
      method.request.serialize,
      method.response.deserialize,
      request,
      this.#metadata,
    );
    const abort = this.#watch(call, outcome, signal);
    try {
      yield* readMessages<Response>(call, outcome, abort);
    } finally {
      abort(new KopsError('KOPS_INTERRUPTED', 'the stream is closed'));
    }
  }

  /** A call with a stream each way. Failures to connect are told through it. */
  bidi<Request, Response>(
    method: Method<Request, Response>,
    check?: (request: Request) => void,
  ): Duplex<Response, Request> {
    const outcome = new CallOutcome();
    this.#throwWhenClosed();
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      method.request.serialize,
      method.response.deserialize,
      this.#metadata,
    );
    const abort = this.#watch(call, outcome);
    const stream = call as unknown as NodeDuplex;
    const { send, end } = writeMessages<Request>(stream, outcome, check);
    const incoming = readMessages<Response>(stream, outcome, abort);
    return { incoming, send, end, abort, signal: outcome.signal };
  }

  /** Ends what is open with KOPS_INTERRUPTED and closes the connection. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const abort of this.#openCalls) abort(closed());
    this.#client.close();
    return Promise.resolve();
  }

  /** Ties a call to its outcome, to a deadline for the archiver's first answer, and to a signal. Returns how to abort it. */
  #watch(call: OpenCall, outcome: CallOutcome, signal?: AbortSignal): (error: KopsError) => void {
    const abort = (error: KopsError): void => {
      if (outcome.fail(error)) call.cancel();
    };
    const interrupt = (): void => {
      abort(interruption(signal));
    };
    const { answerTimeoutMs } = this.#bounds;
    // Without it a call to a host that swallows packets, or to a stopped process, would wait forever: streams have no deadline.
    const timer = setTimeout(() => {
      abort(unreachable(this.#address, `no answer within ${String(answerTimeoutMs)} ms`));
    }, answerTimeoutMs);
    this.#openCalls.add(abort);
    signal?.addEventListener('abort', interrupt, { once: true });
    outcome.onSettled(() => {
      clearTimeout(timer);
      this.#openCalls.delete(abort);
      signal?.removeEventListener('abort', interrupt);
    });
    call.once('metadata', (answered: Metadata) => {
      clearTimeout(timer);
      const refusal = archiverRefusal(answered, this.#address);
      if (refusal !== undefined) abort(refusal);
    });
    call.on('status', (ended: Parameters<typeof fromStatus>[0]) => {
      if (ended.code === status.OK) outcome.finish();
      else outcome.fail(fromStatus(ended, this.#address));
    });
    // The same as the status that follows; not listening would throw it.
    call.on('error', () => undefined);
    return abort;
  }

  #throwWhenClosed(): void {
    if (this.#isClosed) throw closed();
  }
}

function settleReadable<T>(
  answer: Parameters<typeof readable<T>>[0],
  resolve: (value: T) => void,
  reject: (error: KopsError) => void,
): void {
  try {
    resolve(readable(answer));
  } catch (error) {
    reject(toKopsError(error));
  }
}

function interruption(signal: AbortSignal | undefined): KopsError {
  const reason: unknown = signal?.reason;
  return KopsError.is(reason)
    ? reason
    : new KopsError('KOPS_INTERRUPTED', 'interrupted', { cause: reason });
}

function closed(): KopsError {
  return new KopsError('KOPS_INTERRUPTED', 'the connection to the archiver was closed');
}
