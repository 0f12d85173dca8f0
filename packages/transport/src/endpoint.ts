import { isIPv4 } from 'node:net';
import { resolve } from 'node:path';
import { ServerCredentials, credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { KopsError } from '@kops/core';
import type { Endpoint } from './port.ts';

/** Linux keeps 108 bytes for the path of a unix socket, with the terminating zero. */
const maxSocketPathBytes = 107;

/** Where an {@link Endpoint} is. */
export type Place =
  | { readonly kind: 'unix'; readonly path: string; readonly target: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly target: string };

function wrong(message: string, hint: string): KopsError {
  return new KopsError('KOPS_CONFIG', message, { hint });
}

/** @throws KOPS_CONFIG when the address is none, or needs TLS and has none */
export function locate(endpoint: Endpoint): Place {
  if (endpoint.secret === '') {
    throw wrong(
      'the secret is empty',
      'Use the same secret for agents, archiver and command line.',
    );
  }
  return endpoint.address.startsWith('unix:') ? locateSocket(endpoint) : locateTcp(endpoint);
}

function locateSocket({ address, tls }: Endpoint): Place {
  const path = resolve(address.slice('unix:'.length));
  if (tls !== undefined)
    throw wrong(
      `TLS is configured for ${address}, a unix socket`,
      'Remove the TLS settings: kops does not use TLS on unix sockets.',
    );
  if (Buffer.byteLength(path) > maxSocketPathBytes) {
    throw wrong(
      `the unix socket path is too long (${String(Buffer.byteLength(path))} bytes): ${path}`,
      `Use a path of at most ${String(maxSocketPathBytes)} bytes.`,
    );
  }
  return { kind: 'unix', path, target: `unix:${path}` };
}

function locateTcp({ address, tls }: Endpoint): Place {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw wrong(
      `"${address}" is not an address`,
      'Use host:port, [ipv6]:port or unix:/path/to.sock.',
    );
  }
  if (tls === undefined && !isLoopback(host)) {
    throw wrong(
      `${address} is not a loopback address and requires TLS`,
      'Configure TLS. kops uses plain connections on loopback addresses only.',
    );
  }
  return { kind: 'tcp', host, port, target: formatAddress(host, port) };
}

/** `host:port`, IPv6 addresses in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** @throws KOPS_CONFIG when certificate or key are missing or unreadable */
export function serverCredentials({ tls }: Endpoint): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { ca, cert, key } = tls;
  if (cert === undefined || key === undefined) {
    throw wrong(
      'TLS is configured without a certificate or key',
      'Configure a certificate and its key for the archiver, as PEM files.',
    );
  }
  return readPem(() =>
    ServerCredentials.createSsl(
      ca === undefined ? null : Buffer.from(ca),
      [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }],
      // With an authority of clients, only clients with a certificate of it are let in (mTLS).
      ca !== undefined,
    ),
  );
}

/** @throws KOPS_CONFIG when a certificate comes without its key, or they are unreadable */
export function clientCredentials({ tls }: Endpoint): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { ca, cert, key } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    throw wrong(
      'TLS is configured with only one of certificate and key',
      'Configure both, as PEM files, or remove both.',
    );
  }
  return readPem(() => credentials.createSsl(toBuffer(ca), toBuffer(key), toBuffer(cert)));
}

function toBuffer(pem: string | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}

function readPem<T>(create: () => T): T {
  try {
    return create();
  } catch (cause) {
    throw new KopsError(
      'KOPS_CONFIG',
      `cannot read the TLS certificate or key: ${(cause as Error).message}`,
      {
        hint: 'Use PEM files, with a key that has no passphrase.',
        cause,
      },
    );
  }
}
