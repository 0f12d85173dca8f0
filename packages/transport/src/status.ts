import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { Error as WireError } from '@kops/proto/error';
import { KopsError, errorTable } from '@kops/core';
import { fromWireError, toWireError } from './error-mapping.ts';

/** Trailer that carries the whole error; the gRPC status beside it is for peers that are not kops. */
const errorTrailer = 'kops-error-bin';

const maxDetailsLength = 200;

/** The gRPC status of an error, with the error in a trailer. */
export function toStatus(error: KopsError): StatusObject {
  const wire = toWireError(error);
  const metadata = new Metadata();
  metadata.set(errorTrailer, Buffer.from(WireError.encode(wire).finish()));
  return {
    code: status[errorTable[error.code].grpc as keyof typeof status],
    details: wire.message.slice(0, maxDetailsLength).toWellFormed(),
    metadata,
  };
}

/** The error that a call to the archiver at `address` ended with. */
export function fromStatus(ended: StatusObject, address: string): KopsError {
  return carriedError(ended.metadata) ?? transportError(ended, address);
}

function carriedError(metadata: Metadata): KopsError | undefined {
  const [bytes] = metadata.get(errorTrailer);
  if (!(bytes instanceof Buffer)) return undefined;
  try {
    return fromWireError(WireError.decode(bytes));
  } catch (cause) {
    return new KopsError('KOPS_UNEXPECTED', 'the archiver sent an error that cannot be decoded', {
      cause,
    });
  }
}

/**
 * Calls that ended without a word of kops: connections that failed, or a peer that is something else.
 * CANCELLED is here what the peer did, when its process ends; calls that are cancelled on this side have failed before.
 */
function transportError({ code, details }: StatusObject, address: string): KopsError {
  switch (code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
      return unreachable(address, details);
    case status.PERMISSION_DENIED:
    case status.UNAUTHENTICATED:
      return new KopsError('KOPS_ACCESS_DENIED', `archiver at ${address}: ${details}`);
    case status.UNIMPLEMENTED:
      return new KopsError(
        'KOPS_FORMAT_UNSUPPORTED',
        `archiver at ${address} does not support the call: ${details}`,
        {
          hint: 'Run the same version of kops on agents, archiver and command line.',
        },
      );
    default:
      // grpc-js reports a socket that broke in the middle of a stream as INTERNAL.
      return details.includes('RST_STREAM')
        ? unreachable(address, details)
        : new KopsError('KOPS_UNEXPECTED', `archiver at ${address}: ${details}`);
  }
}

/** KOPS_ARCHIVER_UNREACHABLE with the address. */
export function unreachable(address: string, why: string): KopsError {
  return new KopsError(
    'KOPS_ARCHIVER_UNREACHABLE',
    `archiver at ${address} cannot be reached: ${tidy(why)}`,
    {
      hint: "Check that 'kops archiver' is running and that the address and the TLS settings match its configuration.",
    },
  );
}

/** What grpc-js says around the reason: that there is no connection, and a note on name resolution, empty more often than not. */
function tidy(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (?:Error: )?/, '')
    .replace(/ ?Resolution note: $/, '')
    .replace(/\.$/, '');
}
