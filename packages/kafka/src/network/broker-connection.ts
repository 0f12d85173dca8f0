import type { Socket } from 'node:net';
import { KopsError, systemClock, throwIfAborted, withDeadline } from '@kops/core';
import { apiVersionsV0 } from '../apis/api-versions-v0.ts';
import type { Api, VersionRanges } from '../wire/api.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { abortable } from './abortable.ts';
import type { BufferPool } from './buffer-pool.ts';
import { authenticationFailure, connectionFailure, formatAddress } from './failures.ts';
import { FrameReceiver, type Frame } from './frame-receiver.ts';
import { firstCorrelationId, InFlightRequests } from './in-flight.ts';
import {
  announceVersions,
  createKafkaJsConnection,
  type BrokerAddress,
  type ConnectionSettings,
  type KafkaJsConnection,
} from './kafkajs-connection.ts';
import { writeRequest } from './write-request.ts';

/** What one request needs besides its content. */
export interface SendOptions {
  /** How long the broker may take on purpose (long polls, replication), on top of the request timeout. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A response and the memory it lies in. */
export interface Answer<Response> {
  readonly response: Response;
  /** Gives the memory back; views into the response are void from then on. Harmless when called twice. */
  readonly release: () => void;
}

/** One connection to one broker: requests go out in the order of the calls, each ends in an answer or an error in bounded time. */
export class BrokerConnection {
  readonly address: BrokerAddress;
  /** What this broker can do. */
  versions: VersionRanges = new Map();
  readonly #settings: ConnectionSettings;
  readonly #pool: BufferPool;
  readonly #kafkajs: KafkaJsConnection;
  readonly #inFlight: InFlightRequests;
  #socket: Socket | undefined;
  /** kafkajs keeps only the text of it, which is empty where a name has several addresses. */
  #socketError: Error | undefined;
  #closed: KopsError | undefined;
  #gate: Promise<void> | undefined;

  private constructor(address: BrokerAddress, settings: ConnectionSettings, pool: BufferPool) {
    this.address = address;
    this.#settings = settings;
    this.#pool = pool;
    this.#inFlight = new InFlightRequests(pool);
    this.#kafkajs = createKafkaJsConnection(address, settings, {
      receiver: new FrameReceiver(pool, (frame) => {
        this.#accept(frame);
      }),
      onFailure: (error) => {
        this.close(connectionFailure(address, 'the connection failed', error));
      },
      onSocket: (socket) => {
        this.#socket = socket;
        // kafkajs listens to `end` and `error` only, and forgets a connection that ends before it stands.
        let cause = new Error('closed by the broker');
        socket.once('error', (error) => {
          cause = error;
          this.#socketError = error;
        });
        socket.once('close', () => {
          this.close(connectionFailure(address, 'the connection was lost', cause));
        });
      },
    });
  }

  /**
   * Connects, asks what the broker can do, authenticates.
   * @throws KOPS_KAFKA_UNREACHABLE; KOPS_ACCESS_DENIED when the broker refuses the login.
   */
  static async open(
    address: BrokerAddress,
    settings: ConnectionSettings,
    pool: BufferPool,
  ): Promise<BrokerConnection> {
    const connection = new BrokerConnection(address, settings, pool);
    const work = connection.#establish();
    try {
      await withDeadline(work, {
        ms: settings.connectTimeoutMs,
        code: 'KOPS_KAFKA_UNREACHABLE',
        what: `working connection to ${formatAddress(address)}`,
        at: { broker: formatAddress(address) },
        hint: 'Check the log of the broker: its port accepts connections but does not answer.',
      });
      return connection;
    } catch (error) {
      const failure = connectionFailure(address, 'no connection', connection.#reason(error));
      connection.close(failure);
      // When the deadline was first, the work ends now that the socket is gone; its outcome is known.
      work.catch(() => undefined);
      throw failure;
    }
  }

  #reason(error: unknown): unknown {
    return KopsError.is(error) ? error : (this.#socketError ?? error);
  }

  async #establish(): Promise<void> {
    await Promise.race([this.#kafkajs.connect(), this.#closedEarly()]);
    const { response } = await this.#exchange(apiVersionsV0, undefined, {});
    this.versions = response.versions;
    if (this.#settings.sasl !== undefined) {
      announceVersions(this.#kafkajs, this.versions);
      await this.#authenticate();
    }
  }

  /** Rejects when the socket closes before the connection stands; kafkajs would wait for ever. */
  async #closedEarly(): Promise<never> {
    return new Promise((_, reject) => {
      this.#socket?.once('close', () => {
        // An error of the socket comes before its close and is the better explanation: let kafkajs report it first.
        setImmediate(() => {
          reject(
            connectionFailure(this.address, 'no connection', new Error('closed by the broker')),
          );
        });
      });
    });
  }

  async #authenticate(): Promise<void> {
    try {
      await this.#kafkajs.authenticate();
    } catch (error) {
      throw this.#closed ?? authenticationFailure(this.address, error);
    }
  }

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  /** Requests without an answer yet. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * Sends a request and waits for its answer, at most `requestTimeoutMs + waitMs`; then the connection is closed, for what the broker
   * does not answer it does not answer to others behind it either.
   * An abort rejects at once; the answer is dropped when it comes.
   */
  async send<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    options: SendOptions = {},
  ): Promise<Answer<Response>> {
    throwIfAborted(options.signal);
    while (this.#gate !== undefined) await abortable(this.#gate, options.signal);
    if (this.#settings.sasl !== undefined && !this.#kafkajs.isAuthenticated()) {
      await this.#hold(
        withDeadline(this.#authenticate(), {
          ms: this.#settings.requestTimeoutMs,
          code: 'KOPS_KAFKA_UNREACHABLE',
          what: `re-authentication by ${formatAddress(this.address)}`,
        }),
      );
    }
    return this.#exchange(api, request, options);
  }

  /** Later requests wait for `work`; a failure closes the connection. */
  async #hold(work: Promise<void>): Promise<void> {
    this.#gate = work.then(
      () => undefined,
      (error: unknown) => {
        this.close(connectionFailure(this.address, 're-authentication failed', error));
      },
    );
    try {
      await this.#gate;
    } finally {
      this.#gate = undefined;
    }
  }

  async #exchange<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    { waitMs = 0, signal }: SendOptions,
  ): Promise<Answer<Response>> {
    throwIfAborted(signal);
    if (this.#closed !== undefined) throw this.#closed;
    const body = new Writer();
    api.encode(request, body);
    const timeoutMs = this.#settings.requestTimeoutMs + waitMs;
    const onTimeout = (): void => {
      this.close(this.#unanswered(api, timeoutMs));
    };
    const frame = await this.#inFlight.wait({ timeoutMs, onTimeout, signal }, (correlationId) => {
      if (this.#socket !== undefined) {
        writeRequest(this.#socket, { api, correlationId, clientId: this.#settings.clientId, body });
      }
    });
    let isReleased = false;
    const release = (): void => {
      if (!isReleased) this.#pool.give(frame.storage);
      isReleased = true;
    };
    try {
      const reader = new Reader(frame.bytes);
      reader.int32();
      if (api.isFlexible) reader.tags();
      const response = api.decode(reader);
      this.#throttle(response);
      return { response, release };
    } catch (error) {
      release();
      throw KopsError.locate(error, { broker: formatAddress(this.address) });
    }
  }

  #unanswered(api: Api<never, unknown>, timeoutMs: number): KopsError {
    const broker = formatAddress(this.address);
    return new KopsError(
      'KOPS_KAFKA_UNREACHABLE',
      `${broker} did not answer ${api.name} within ${String(timeoutMs)} ms`,
      {
        at: { broker },
        hint: 'Check the log of the broker: it may be stopped, overloaded or disconnected.',
      },
    );
  }

  #accept(frame: Frame): void {
    const correlationId = frame.bytes.readInt32BE(0);
    if (correlationId < firstCorrelationId) {
      const { bytes } = frame;
      this.#kafkajs.requestQueue.fulfillRequest({
        correlationId,
        size: bytes.length,
        payload: bytes.subarray(4),
      });
    } else if (!this.#inFlight.settle(correlationId, frame)) {
      this.close(
        connectionFailure(
          this.address,
          'the connection failed',
          new Error('received a response that matches no request'),
        ),
      );
    }
  }

  /** KIP-219: the broker reads nothing more for that long, so a request sent now, or already on its way, would only seem unanswered. */
  #throttle(response: unknown): void {
    const { throttleMs = 0 } = (response ?? {}) as { throttleMs?: number };
    if (throttleMs <= 0) return;
    this.#settings.onThrottled?.({ broker: formatAddress(this.address), throttleMs });
    this.#inFlight.extend(throttleMs);
    const before = this.#gate ?? Promise.resolve();
    const gate: Promise<void> = Promise.all([before, systemClock.sleep(throttleMs)]).then(() => {
      if (this.#gate === gate) this.#gate = undefined;
    });
    this.#gate = gate;
  }

  /** Ends a connection whose answers nobody waits for any more. */
  abandon(): void {
    this.close(new KopsError('KOPS_INTERRUPTED', 'the connection was abandoned'));
  }

  /** Ends the connection at once; what waits for an answer fails with the reason. Harmless when called twice. */
  close(reason: KopsError): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#socket?.destroy();
    this.#kafkajs.requestQueue.rejectAll(reason);
    // Nothing is pending any more, so kafkajs only notes that it is disconnected.
    this.#kafkajs.disconnect().catch(() => undefined);
    this.#inFlight.failAll(reason);
  }
}
