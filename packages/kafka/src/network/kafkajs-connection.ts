/*
 * The one place that reaches into kafkajs. Its connections bring what is hard to get right and easy to get wrong: TLS set-up, SASL
 * (PLAIN, SCRAM) and re-authentication before a session expires (KIP-368). Its public API offers none of them to requests of one's
 * own, so the class is imported by its path; the version is pinned for that reason. Requests and responses other than those of SASL
 * do not pass through it: it joins the pieces of each response and copies each request twice (see FrameReceiver).
 */
import { createRequire } from 'node:module';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { silentLogger, type Logger, type LogFields } from '@kops/core';
import type { SaslOptions, ThrottleNotice, TlsOptions } from '../port.ts';
import type { VersionRanges } from '../wire/api.ts';
import type { FrameReceiver } from './frame-receiver.ts';

/** Where a broker listens. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

type LogMethod = (message: string, extra?: LogFields) => void;

interface KafkaJsLogger {
  readonly namespace: () => KafkaJsLogger;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly ssl: TlsOptions | null;
  readonly onConnect: () => void;
}

interface KafkaJsConnectionOptions extends BrokerAddress {
  readonly clientId: string;
  readonly logger: KafkaJsLogger;
  readonly ssl: TlsOptions | null;
  readonly sasl: SaslOptions | null;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly socketFactory: (request: SocketRequest) => Socket;
}

interface KafkaJsRequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
  fulfillRequest(response: { correlationId: number; size: number; payload: Buffer }): void;
  rejectAll(error: Error): void;
}

/** What is used of kafkajs' Connection. */
export interface KafkaJsConnection {
  readonly requestQueue: KafkaJsRequestQueue;
  connect(): Promise<unknown>;
  authenticate(): Promise<void>;
  /** False when re-authentication is due, too. */
  isAuthenticated(): boolean;
  disconnect(): Promise<unknown>;
  setVersions(versions: Record<number, { minVersion: number; maxVersion: number }>): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
}

const requireFrom = createRequire(import.meta.url);
const Connection = requireFrom('kafkajs/src/network/connection.js') as new (
  options: KafkaJsConnectionOptions,
) => KafkaJsConnection;

/** kafkajs' own lines, all at debug: what matters is in the errors. */
function adaptLogger(logger: Logger): KafkaJsLogger {
  const write: LogMethod = (message, extra) => {
    logger.debug(`kafkajs: ${message}`, extra);
  };
  const adapted: KafkaJsLogger = {
    namespace: () => adapted,
    debug: write,
    info: write,
    warn: write,
    error: write,
  };
  return adapted;
}

/** What a connection needs besides its address. */
export interface ConnectionSettings {
  readonly clientId: string;
  readonly tls: TlsOptions | undefined;
  readonly sasl: SaslOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly throttleDeadlineMs: number;
  readonly onThrottled?: (notice: ThrottleNotice) => void;
  readonly logger?: Logger;
}

/** How the socket hands over what it read. */
export interface SocketReading {
  readonly receiver: FrameReceiver;
  /** Called with what the receiver threw; the connection is of no use then. */
  readonly onFailure: (error: unknown) => void;
  readonly onSocket: (socket: Socket) => void;
}

const keepAliveDelayMs = 60_000;

function openSocket({ host, port, ssl, onConnect }: SocketRequest, reading: SocketReading): Socket {
  const onread = {
    buffer: () => reading.receiver.nextBuffer(),
    callback: (count: number) => {
      try {
        reading.receiver.received(count);
      } catch (error) {
        reading.onFailure(error);
      }
      return true;
    },
  };
  const servername = isIP(host) === 0 ? { servername: host } : {};
  // The types of node:tls leave out that it hands `onread` on to its socket.
  const tlsOptions: ConnectionOptions & { onread: typeof onread } = {
    host,
    port,
    onread,
    ...servername,
    ...ssl,
  };
  const socket =
    ssl === null
      ? connectTcp({ host, port, onread }, onConnect)
      : connectTls(tlsOptions, onConnect);
  socket.setKeepAlive(true, keepAliveDelayMs);
  // Requests are written whole: waiting for more to send only delays them.
  socket.setNoDelay(true);
  reading.onSocket(socket);
  return socket;
}

/** A kafkajs connection, not connected yet, whose socket is read by `reading.receiver`. */
export function createKafkaJsConnection(
  address: BrokerAddress,
  settings: ConnectionSettings,
  reading: SocketReading,
): KafkaJsConnection {
  const connection = new Connection({
    ...address,
    clientId: settings.clientId,
    logger: adaptLogger(settings.logger ?? silentLogger),
    ssl: settings.tls ?? null,
    // A copy each: kafkajs keeps the authenticator of the first connection in it.
    sasl: settings.sasl === undefined ? null : { ...settings.sasl },
    connectionTimeout: settings.connectTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    // Its check runs every 100 ms on each connection; ours is a timer per request.
    enforceRequestTimeout: false,
    socketFactory: (request) => openSocket(request, reading),
  });
  const queue = connection.requestQueue;
  // With nothing pending and no throttling kafkajs computes its next check from -1 and calls setTimeout with a negative delay, which
  // Node 24 warns about. Without pending requests there is nothing to check.
  const schedule = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule();
  };
  return connection;
}

/** Tells kafkajs what the broker can do: it picks its SASL requests by that. */
export function announceVersions(connection: KafkaJsConnection, versions: VersionRanges): void {
  const entries = [...versions].map(
    ([key, { min, max }]) => [key, { minVersion: min, maxVersion: max }] as const,
  );
  connection.setVersions(Object.fromEntries(entries));
  // Every broker since 1.0 wraps SASL in SaslAuthenticate requests (KIP-152).
  connection.setSupportAuthenticationProtocol(true);
}
