import type { ChannelOptions } from '@grpc/grpc-js';

/** Bounds of connections and calls; every one has a default that fits. */
export interface TransportOptions {
  /** Bytes that a peer may send ahead on a stream, and on a connection. Default 1 MiB. */
  readonly windowBytes?: number;
  /** Silence after which a peer is asked for a sign of life. Default 4,000 ms. */
  readonly keepaliveTimeMs?: number;
  /** How long it has to give one. Default 4,000 ms. */
  readonly keepaliveTimeoutMs?: number;
  /** How long `close` lets calls end by themselves. Default 2,000 ms. */
  readonly closeTimeoutMs?: number;
  /** How long connecting and the archiver's first answer to a call may take. Default 5,000 ms. */
  readonly answerTimeoutMs?: number;
}

/** {@link TransportOptions} with the defaults filled in. */
export type Bounds = Required<TransportOptions>;

/** A call carries at most this many bytes in one message towards the archiver: a data frame and room for its envelope. */
const maxRequestBytes = 1024 * 1024;

/** An archiver may answer with the plan of a large cluster. */
const maxResponseBytes = 64 * 1024 * 1024;

/** Calls on one connection: 64 PartitionStreams of an agent, its Join, and room. */
const maxConcurrentCalls = 256;

export function withDefaults(options: TransportOptions): Bounds {
  return {
    windowBytes: options.windowBytes ?? 1024 * 1024,
    keepaliveTimeMs: options.keepaliveTimeMs ?? 4_000,
    keepaliveTimeoutMs: options.keepaliveTimeoutMs ?? 4_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 2_000,
    answerTimeoutMs: options.answerTimeoutMs ?? 5_000,
  };
}

/** Options of a grpc-js server. Its flow-control window is not among them: see http2-servers.ts. */
export function serverOptions(bounds: Bounds): ChannelOptions {
  return {
    'grpc.keepalive_time_ms': bounds.keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': bounds.keepaliveTimeoutMs,
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.max_send_message_length': maxResponseBytes,
    'grpc.max_concurrent_streams': maxConcurrentCalls,
    'grpc.enable_channelz': 0,
  };
}

/** Options of a grpc-js client. */
export function clientOptions(bounds: Bounds): ChannelOptions {
  return {
    'grpc-node.flow_control_window': bounds.windowBytes,
    'grpc.keepalive_time_ms': bounds.keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': bounds.keepaliveTimeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.max_receive_message_length': maxResponseBytes,
    'grpc.max_send_message_length': maxRequestBytes,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 2_000,
    // A connection is the client's own and ends with it.
    'grpc.use_local_subchannel_pool': 1,
    // Archivers are inside: a proxy for the web is none for them.
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
  };
}
