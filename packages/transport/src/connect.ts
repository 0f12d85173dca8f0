import type { OperatorApi, CaptureClient, Endpoint } from './port.ts';
import { ClientChannel } from './client-channel.ts';
import { checkFrame } from './frame-codec.ts';
import { captureMethods, operatorMethods } from './methods.ts';
import type { TransportOptions } from './options.ts';

/** Planning asks the source cluster for every partition. */
const startTimeoutMs = 120_000;
const stopTimeoutMs = 30_000;
const listTimeoutMs = 10_000;

/** What a watermark that is waited for may take beyond the caller's own timeout. */
const watermarkGraceMs = 5_000;

/**
 * Connections that the PartitionStreams of an agent take in turns. What a socket holds (208 KiB of a unix socket) is all that lies between
 * two busy processes: on one connection each of them waits for the other a quarter of the time.
 */
const streamConnections = 2;

/**
 * Connects an agent to its archiver. Connections are made on the first call, and anew on the first call after they were lost.
 * @throws KOPS_CONFIG when the endpoint is unusable: an address that needs TLS and has none, a socket path above 107 bytes
 */
export function connectCapture(endpoint: Endpoint, options: TransportOptions = {}): CaptureClient {
  const channels = Array.from(
    { length: streamConnections },
    () => new ClientChannel(endpoint, options),
  );
  const next = (): ClientChannel => {
    const channel = channels.shift() ?? new ClientChannel(endpoint, options);
    channels.push(channel);
    return channel;
  };
  return {
    join: () => next().bidi(captureMethods.join),
    stream: () => next().bidi(captureMethods.stream, checkFrame),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(channels.map((channel) => channel[Symbol.asyncDispose]()));
    },
  };
}

/**
 * Connects an operator to an archiver.
 * Calls throw KOPS_ARCHIVER_UNREACHABLE within seconds when nobody answers, and what the archiver refused them with.
 * @throws KOPS_CONFIG when the endpoint is unusable: an address that needs TLS and has none, a socket path above 107 bytes
 */
export function connectOperator(
  endpoint: Endpoint,
  options: TransportOptions = {},
): OperatorApi & AsyncDisposable {
  const channel = new ClientChannel(endpoint, options);
  const { startBackup, watchBackup, stopBackup, listBackups, watermark } = operatorMethods;
  return {
    startBackup: (request, signal) => channel.unary(startBackup, request, startTimeoutMs, signal),
    watchBackup: (backupId, signal) => channel.serverStream(watchBackup, backupId, signal),
    stopBackup: async (backupId, signal) => {
      await channel.unary(stopBackup, backupId, stopTimeoutMs, signal);
    },
    listBackups: (signal) => channel.unary(listBackups, {}, listTimeoutMs, signal),
    watermark: (query, signal) =>
      channel.unary(watermark, query, query.timeoutMs + watermarkGraceMs, signal),
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}
