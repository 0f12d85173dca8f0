import { readFile } from 'node:fs/promises';
import { KopsError } from '@kops/core';
import type { TlsConfig } from './schema.ts';

/** TLS with the files' content, PEM texts; the shape that clients of Kafka and of the archiver take. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new KopsError(
      'KOPS_CONFIG',
      `cannot read the TLS file ${path}: ${(error as Error).message}`,
      {
        hint: 'Check the path in the tls settings and the permissions of the file.',
        cause: error,
      },
    );
  }
}

/**
 * Reads the files that a TLS setting names.
 * @throws KOPS_CONFIG when one cannot be read.
 */
export async function loadTls(tls: TlsConfig | undefined): Promise<boolean | TlsMaterial> {
  if (tls === undefined || typeof tls === 'boolean') return tls ?? false;
  const { caFile, certFile, keyFile, passphrase, servername, rejectUnauthorized } = tls;
  return {
    ...(caFile === undefined ? {} : { ca: await readPem(caFile) }),
    ...(certFile === undefined ? {} : { cert: await readPem(certFile) }),
    ...(keyFile === undefined ? {} : { key: await readPem(keyFile) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}
