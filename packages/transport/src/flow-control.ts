import type { Http2Server, ServerHttp2Session, ServerOptions } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { KopsError } from '@kops/core';

/**
 * Gives the streams and connections of a server a receive window of `bytes`. To be called before the server is bound.
 *
 * grpc-js 1.14 reads its option `grpc-node.flow_control_window` in clients only: a server stays at HTTP/2's 64 KiB, for all streams
 * of a connection together, which is what an agent may have on its way to the archiver. So this reaches into the server for the options
 * of its HTTP/2 servers.
 */
export function widenStreams(server: Server, bytes: number): void {
  const options = Reflect.get(server, 'commonServerOptions') as ServerOptions | undefined;
  if (options === undefined) throw changed();
  options.settings = { ...options.settings, initialWindowSize: bytes };
}

/** The same for the connections of a server that was bound. */
export function widenConnections(server: Server, bytes: number): void {
  const servers = Reflect.get(server, 'http2Servers') as
    ReadonlyMap<Http2Server, unknown> | undefined;
  if (servers === undefined) throw changed();
  for (const http2Server of servers.keys()) {
    http2Server.on('session', (session: ServerHttp2Session) => {
      session.setLocalWindowSize(bytes);
    });
  }
}

function changed(): KopsError {
  return new KopsError(
    'KOPS_UNEXPECTED',
    'this version of grpc-js keeps its HTTP/2 servers elsewhere',
  );
}
