import type { Metadata } from '@grpc/grpc-js';
import { KopsError } from '@kops/core';

/**
 * What agents, archivers and command lines of one fleet must have in common. Raised with every change of `proto/` that a peer of the revision
 * before would misunderstand; new fields and calls that such a peer may ignore leave it as it is.
 */
export const protocolRevision = 1;

const revisionKey = 'kops-protocol';

/** Who calls an archiver. */
export type Caller = 'agent' | 'command line';

/**
 * Adds our revision to the metadata of a call, or of its answer. There and not in a message: it is read before any message is, whose meaning it is
 * about, and no call is without it.
 */
export function addRevision(metadata: Metadata): Metadata {
  metadata.set(revisionKey, String(protocolRevision));
  return metadata;
}

/** What an archiver answers to a caller of another revision; undefined where it is ours. */
export function callerRefusal(metadata: Metadata, caller: Caller): KopsError | undefined {
  return refusal(metadata, `the ${caller}`, 'the archiver');
}

/** What a caller makes of an archiver of another revision; undefined where it is ours. */
export function archiverRefusal(metadata: Metadata, address: string): KopsError | undefined {
  return refusal(metadata, `the archiver at ${address}`, 'this kops');
}

function refusal(metadata: Metadata, peer: string, own: string): KopsError | undefined {
  const [told] = metadata.get(revisionKey);
  const theirs = typeof told === 'string' && /^\d{1,9}$/.test(told) ? Number(told) : undefined;
  if (theirs === protocolRevision) return undefined;
  const isOlder = theirs === undefined || theirs < protocolRevision;
  const speaks = theirs === undefined ? 'no revision' : `revision ${String(theirs)}`;
  const [older, newer] = isOlder ? [peer, own] : [own, peer];
  return new KopsError(
    'KOPS_FORMAT_UNSUPPORTED',
    `${peer} uses ${speaks} of the protocol, ${own} uses ${String(protocolRevision)}: ${older} is older than ${newer}`,
    { hint: `Run the same version of kops on agents, archiver and command line: update ${older}.` },
  );
}
