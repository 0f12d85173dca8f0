import type { Http2Server, ServerHttp2Session, ServerOptions } from 'node:http2';
import type { Socket } from 'node:net';
import type { Server } from '@grpc/grpc-js';
import { KopsError } from '@kops/core';

/*
 * What grpc-js 1.14 leaves out on the server's side, done to the HTTP/2 servers inside it.
 *
 * It reads its option `grpc-node.flow_control_window` in clients only. A server stays at HTTP/2's 64 KiB, for each stream and for all
 * streams of a connection together, which is all that an agent could have on its way to the archiver. And its forceShutdown ends
 * sessions, but not the sockets of peers that do not answer any more: those would keep the server from closing.
 */

/** Gives the streams of a server a receive window of `bytes`. To be called before the server is bound. */
export function widenStreams(server: Server, bytes: number): void {
  const options = Reflect.get(server, 'commonServerOptions') as ServerOptions | undefined;
  if (options === undefined) throw changed();
  options.settings = { ...options.settings, initialWindowSize: bytes };
}

/** Gives the connections of a server that was bound a receive window of `bytes`, and returns those that are open. */
export function widenConnections(server: Server, bytes: number): ReadonlySet<Socket> {
  const servers = Reflect.get(server, 'http2Servers') as
    ReadonlyMap<Http2Server, unknown> | undefined;
  if (servers === undefined) throw changed();
  const sockets = new Set<Socket>();
  for (const http2Server of servers.keys()) {
    http2Server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    http2Server.on('session', (session: ServerHttp2Session) => {
      session.setLocalWindowSize(bytes);
    });
  }
  return sockets;
}

function changed(): KopsError {
  return new KopsError(
    'KOPS_UNEXPECTED',
    'this version of grpc-js does not expose its HTTP/2 servers',
  );
}
