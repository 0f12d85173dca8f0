import { createHash, timingSafeEqual } from 'node:crypto';
import {
  Metadata,
  ServerInterceptingCall,
  ServerListenerBuilder,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { KopsError } from '@kops/core';
import { toStatus } from './status.ts';

/** Binary, so that a secret may be any text. */
const secretKey = 'kops-secret-bin';

/** The metadata of every call: the secret. */
export function secretMetadata(secret: string): Metadata {
  const metadata = new Metadata();
  metadata.set(secretKey, Buffer.from(secret));
  return metadata;
}

/** Refuses calls without the secret before their message is read and before their handler runs. */
export function requireSecret(secret: string): ServerInterceptor {
  const expected = digest(Buffer.from(secret));
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        next(
          new ServerListenerBuilder()
            .withOnReceiveMetadata((metadata, accept) => {
              if (isExpected(metadata, expected)) accept(metadata);
              else call.sendStatus(toStatus(denied()));
            })
            .build(),
        );
      },
    });
}

function isExpected(metadata: Metadata, expected: Buffer): boolean {
  const [given] = metadata.get(secretKey);
  // Digests have one length, so the comparison tells nothing about the secret's.
  return given instanceof Buffer && timingSafeEqual(digest(given), expected);
}

function digest(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}

function denied(): KopsError {
  return new KopsError('KOPS_ACCESS_DENIED', 'wrong or missing secret', {
    hint: 'Give agents, archiver and command line the same secret.',
  });
}
