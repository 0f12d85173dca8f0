import { chmod, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { Server, logVerbosity, setLogVerbosity, type ServiceDefinition } from '@grpc/grpc-js';
import { KopsError, withDeadline } from '@kops/core';
import { formatAddress, locate, serverCredentials, type Place } from './endpoint.ts';
import { widenConnections, widenStreams } from './http2-servers.ts';
import { captureMethods, operatorMethods, type AnyMethod } from './methods.ts';
import { serverOptions, withDefaults, type TransportOptions } from './options.ts';
import type {
  Ack,
  AgentEvent,
  ArchiverHandlers,
  ArchiverServer,
  Assignment,
  Endpoint,
  Frame,
  OperatorApi,
  StartBackup,
  WatermarkQuery,
} from './port.ts';
import { requireSecret } from './secret.ts';
import { ServerCalls } from './server-calls.ts';

// Errors are thrown; grpc-js would print some of them as well.
if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);

/**
 * Listens for agents and operators.
 *
 * A unix socket is made with mode 0600, one that a killed archiver left behind is replaced. With `tls.ca` only clients with a
 * certificate of that authority are let in. Closing fails open calls with KOPS_ARCHIVER_UNREACHABLE and takes `closeTimeoutMs` at most.
 * @throws KOPS_CONFIG when the endpoint is unusable, KOPS_HELD when another process listens there
 */
export async function serveArchiver(
  endpoint: Endpoint,
  handlers: ArchiverHandlers,
  options: TransportOptions = {},
): Promise<ArchiverServer> {
  const bounds = withDefaults(options);
  const place = locate(endpoint);
  const credentials = serverCredentials(endpoint);
  const calls = new ServerCalls();
  const server = new Server({
    ...serverOptions(bounds),
    interceptors: [
      requireSecret(endpoint.secret, (error, caller) => handlers.refused?.(error, caller)),
    ],
  });
  widenStreams(server, bounds.windowBytes);
  addCapture(server, calls, handlers);
  addOperator(server, calls, handlers.operator);
  if (place.kind === 'unix') await removeLeftSocket(place.path);
  const port = await bind(server, place, credentials);
  const sockets = widenConnections(server, bounds.windowBytes);
  if (place.kind === 'unix') await chmod(place.path, 0o600);
  return {
    address: place.kind === 'unix' ? place.target : formatAddress(place.host, port),
    [Symbol.asyncDispose]: () => close(server, calls, sockets, bounds.closeTimeoutMs),
  };
}

function addCapture(server: Server, calls: ServerCalls, handlers: ArchiverHandlers): void {
  const { join, stream } = captureMethods;
  server.addService(definition({ join, stream }), {
    join: calls.bidi<AgentEvent, Assignment>((agent) => handlers.join(agent)),
    stream: calls.bidi<Frame, Ack>((partition) => handlers.stream(partition)),
  });
}

function addOperator(server: Server, calls: ServerCalls, operator: OperatorApi): void {
  server.addService(definition(operatorMethods), {
    startBackup: calls.unary((request: StartBackup, signal) =>
      operator.startBackup(request, signal),
    ),
    watchBackup: calls.serverStream((backupId: string, signal) =>
      operator.watchBackup(backupId, signal),
    ),
    stopBackup: calls.unary(async (backupId: string, signal) => {
      await operator.stopBackup(backupId, signal);
      return {};
    }),
    listBackups: calls.unary((_request: object, signal) => operator.listBackups(signal)),
    watermark: calls.unary((query: WatermarkQuery, signal) => operator.watermark(query, signal)),
  });
}

function definition(methods: Readonly<Record<string, AnyMethod>>): ServiceDefinition {
  const entries = Object.entries(methods).map(([name, { request, response, ...method }]) => [
    name,
    {
      ...method,
      requestSerialize: request.serialize,
      requestDeserialize: request.deserialize,
      responseSerialize: response.serialize,
      responseDeserialize: response.deserialize,
    },
  ]);
  return Object.fromEntries(entries) as ServiceDefinition;
}

async function bind(
  server: Server,
  place: Place,
  credentials: ReturnType<typeof serverCredentials>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(place.target, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(bindError(error, place.target));
    });
  });
}

function bindError(cause: Error, target: string): KopsError {
  if (cause.message.includes('EADDRINUSE')) {
    return new KopsError('KOPS_HELD', `another process is listening on ${target}`, {
      hint: 'Stop that process or use another address.',
      cause,
    });
  }
  const code = /EACCES|EPERM/.test(cause.message) ? 'KOPS_ACCESS_DENIED' : 'KOPS_CONFIG';
  return new KopsError(code, `cannot listen on ${target}: ${cause.message}`, {
    hint: 'Use an address of this host, or a socket path in an existing, writable directory.',
    cause,
  });
}

/** A killed archiver leaves its socket behind: one that nobody listens on is in the way of the next. */
async function removeLeftSocket(path: string): Promise<void> {
  if ((await probe(path)) === 'ECONNREFUSED') await rm(path, { force: true });
}

async function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code);
    });
  });
}

async function close(
  server: Server,
  calls: ServerCalls,
  sockets: ReadonlySet<Socket>,
  timeoutMs: number,
): Promise<void> {
  calls.abortAll(
    new KopsError('KOPS_ARCHIVER_UNREACHABLE', 'the archiver is shutting down', {
      hint: 'Start the archiver, then run the command again.',
    }),
  );
  const drained = new Promise<void>((resolve) => {
    // Its error says that it was closed before.
    server.tryShutdown(() => {
      resolve();
    });
  });
  try {
    await withDeadline(drained, {
      ms: timeoutMs,
      code: 'KOPS_INTERRUPTED',
      what: 'end of the open calls',
    });
  } catch (error) {
    if (!KopsError.is(error, 'KOPS_INTERRUPTED')) throw error;
    server.forceShutdown();
    for (const socket of sockets) socket.destroy();
  }
}
