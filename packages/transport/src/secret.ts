import { createHash, timingSafeEqual } from 'node:crypto';
import {
  Metadata,
  ServerInterceptingCall,
  ServerListenerBuilder,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { KopsError } from '@kops/core';
import { addRevision, callerRefusal, type Caller } from './revision.ts';
import { toStatus } from './status.ts';

/** Binary, so that a secret may be any text. */
const secretKey = 'kops-secret-bin';

/** The metadata of every call: the secret and our revision of the protocol. */
export function callMetadata(secret: string): Metadata {
  const metadata = addRevision(new Metadata());
  metadata.set(secretKey, Buffer.from(secret));
  return metadata;
}

/**
 * Refuses calls without the secret, and those of another revision of the protocol, before their message is read and before their handler runs.
 * @param onRefused told of each
 */
export function requireSecret(
  secret: string,
  onRefused: (error: KopsError, caller: Caller) => void,
): ServerInterceptor {
  const expected = digest(Buffer.from(secret));
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        next(
          new ServerListenerBuilder()
            .withOnReceiveMetadata((metadata, accept) => {
              const caller = callerOf(path);
              // Who does not know the secret is told nothing else.
              const refusal = isExpected(metadata, expected)
                ? callerRefusal(metadata, caller)
                : denied();
              if (refusal === undefined) {
                accept(metadata);
                return;
              }
              onRefused(refusal, caller);
              call.sendStatus(toStatus(refusal));
            })
            .build(),
        );
      },
    });
}

const callerOf = (path: string): Caller =>
  path.startsWith('/kops.v1.CaptureService/') ? 'agent' : 'command line';

function isExpected(metadata: Metadata, expected: Buffer): boolean {
  const [given] = metadata.get(secretKey);
  // Digests have one length, so the comparison tells nothing about the secret's.
  return given instanceof Buffer && timingSafeEqual(digest(given), expected);
}

function digest(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}

function denied(): KopsError {
  return new KopsError('KOPS_ACCESS_DENIED', 'the secret is wrong or missing', {
    hint: 'Use the same secret for agents, archiver and command line.',
  });
}
