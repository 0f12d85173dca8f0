import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerCertificate } from './broker-properties.ts';
import { findOnPath } from './java.ts';
import { lastLines, runProcess } from './run-process.ts';
import { sandboxUnavailable } from './sandbox-error.ts';

/** PEM files of the SSL listener, valid for two days and for 127.0.0.1 and localhost. */
export interface SandboxCertificates {
  /** The authority that signed all others: what clients trust. */
  readonly ca: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  /** Key and certificate in one file, as Kafka's Java clients take them (`ssl.keystore.type=PEM`). */
  readonly clientKeystore: string;
  readonly broker: BrokerCertificate;
}

/** The name that brokers know a client with the sandbox's certificate by: `User:CN=kops-client`. */
export const clientPrincipal = 'CN=kops-client';

async function openssl(program: string, folder: string, args: readonly string[]): Promise<void> {
  const result = await runProcess(program, args, { cwd: folder, timeoutMs: 60_000 });
  if (result.exitCode === 0) return;
  throw sandboxUnavailable(
    `openssl ${String(args[0])} failed: ${lastLines(result.stderr)}`,
    'Use OpenSSL 1.1.1 or later.',
  );
}

/**
 * Makes a certificate authority, a broker's and a client's certificate in a folder.
 * @throws KOPS_SANDBOX_UNAVAILABLE without `openssl`.
 */
export async function makeCertificates(folder: string): Promise<SandboxCertificates> {
  const program = await findOnPath('openssl');
  if (program === undefined) {
    throw sandboxUnavailable(
      'openssl is needed for an SSL listener and is not installed',
      'Install openssl.',
    );
  }
  const run = openssl.bind(undefined, program, folder);
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  await run([
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=kops-sandbox-ca',
  ]);
  await writeFile(join(folder, 'san.cnf'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  for (const name of ['broker', 'client']) {
    await run([
      'req',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=kops-${name}`,
    ]);
    const signing = [
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'san.cnf',
    ];
    await run(['x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing]);
  }
  const at = (file: string): string => join(folder, file);
  for (const name of ['broker', 'client']) {
    // Kafka wants a PKCS#8 key and the certificate in one file (KIP-651).
    await run(['pkcs8', '-topk8', '-nocrypt', '-in', `${name}.key`, '-out', `${name}.p8`]);
    await concatenate([at(`${name}.p8`), at(`${name}.pem`)], at(`${name}.keystore.pem`));
  }
  return {
    ca: at('ca.pem'),
    clientCertificate: at('client.pem'),
    clientKey: at('client.key'),
    clientKeystore: at('client.keystore.pem'),
    broker: { keystore: at('broker.keystore.pem'), ca: at('ca.pem') },
  };
}

async function concatenate(sources: readonly string[], target: string): Promise<void> {
  const texts = await Promise.all(sources.map(async (source) => await readFile(source, 'utf8')));
  await writeFile(target, texts.join(''), { mode: 0o600 });
}
