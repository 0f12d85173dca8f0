import { Client, credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import type { KopsError } from '@kops/core';
import { describe, expect, it } from 'vitest';
import { handlersWith, secret, socketFolder } from '../test/stub-archiver.ts';
import { connectCapture, connectOperator, serveArchiver } from './index.ts';
import { captureMethods, operatorMethods } from './methods.ts';
import { protocolRevision } from './revision.ts';
import { fromStatus } from './status.ts';

const bytes = (value: Buffer): Buffer => value;

/** What a caller that tells a revision is answered; of none without one. */
async function callAs(address: string, path: string, told: string | undefined): Promise<unknown> {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('kops-secret-bin', Buffer.from(secret));
  if (told !== undefined) metadata.set('kops-protocol', told);
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), metadata, (error) => {
        resolve(error === null ? 'answered' : fromStatus(error, address));
      });
    });
  } finally {
    client.close();
  }
}

/** An archiver that tells a revision with all its answers; of none without one. */
async function archiverOf(path: string, told: string | undefined): Promise<AsyncDisposable> {
  const server = new Server();
  const answer = { requestDeserialize: bytes, responseSerialize: bytes, requestSerialize: bytes };
  const metadata = new Metadata();
  if (told !== undefined) metadata.set('kops-protocol', told);
  const { listBackups } = operatorMethods;
  const { join } = captureMethods;
  const stream = { requestStream: true, responseStream: true };
  server.addService(
    {
      listBackups: {
        ...answer,
        path: listBackups.path,
        requestStream: false,
        responseStream: false,
        responseDeserialize: bytes,
      },
      join: { ...answer, ...stream, path: join.path, responseDeserialize: bytes },
    },
    {
      listBackups: (
        call: { sendMetadata(of: Metadata): void },
        callback: (error: null, value: Buffer) => void,
      ) => {
        call.sendMetadata(metadata);
        callback(null, Buffer.alloc(0));
      },
      join: (call: { sendMetadata(of: Metadata): void }) => call.sendMetadata(metadata),
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return {
    [Symbol.asyncDispose]: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}

const older = String(protocolRevision - 1);
const newer = String(protocolRevision + 1);

describe('a caller', () => {
  it.each([
    { told: undefined, of: 'no revision', update: 'update the command line' },
    { told: older, of: 'an older revision', update: 'update the command line' },
    { told: newer, of: 'a newer revision', update: 'update the archiver' },
    { told: 'nonsense', of: 'something else', update: 'update the command line' },
  ])('that tells $of is refused, and told who is older', async ({ told, update }) => {
    await using folder = await socketFolder();
    const refused: [string, string][] = [];
    const address = `unix:${folder.path}/s`;
    await using _server = await serveArchiver(
      { address, secret },
      {
        ...handlersWith({}),
        refused: (error, caller) => refused.push([error.code, caller]),
      },
    );
    const answer = (await callAs(address, operatorMethods.listBackups.path, told)) as KopsError;
    expect(answer).toMatchObject({ code: 'KOPS_FORMAT_UNSUPPORTED', retryable: false });
    expect(answer.hint).toContain(update);
    expect(answer.message).toContain(`uses ${String(protocolRevision)}`);
    // An agent is told the same, on its Join and on its streams.
    for (const { path } of [captureMethods.join, captureMethods.stream]) {
      const toAgent = (await callAs(address, path, told)) as KopsError;
      expect(toAgent.hint).toContain(update.replace('command line', 'agent'));
    }
    expect(refused).toEqual([
      ['KOPS_FORMAT_UNSUPPORTED', 'command line'],
      ['KOPS_FORMAT_UNSUPPORTED', 'agent'],
      ['KOPS_FORMAT_UNSUPPORTED', 'agent'],
    ]);
  });

  it('of our revision is answered', async () => {
    await using folder = await socketFolder();
    const address = `unix:${folder.path}/s`;
    await using _server = await serveArchiver(
      { address, secret },
      handlersWith({ operator: { listBackups: () => Promise.resolve([]) } }),
    );
    const told = String(protocolRevision);
    expect(await callAs(address, operatorMethods.listBackups.path, told)).toBe('answered');
    await using operator = connectOperator({ address, secret });
    expect(await operator.listBackups()).toEqual([]);
  });
});

describe('an archiver', () => {
  it.each([
    { told: undefined, of: 'no revision', update: 'update the archiver' },
    { told: older, of: 'an older revision', update: 'update the archiver' },
    { told: newer, of: 'a newer revision', update: 'update this kops' },
  ])('that tells $of is left, by operators and agents', async ({ told, update }) => {
    await using folder = await socketFolder();
    const endpoint = { address: `unix:${folder.path}/s`, secret };
    await using _server = await archiverOf(`${folder.path}/s`, told);
    await using operator = connectOperator(endpoint);
    await using capture = connectCapture(endpoint);
    const failures = await Promise.all([
      operator.listBackups().catch((error: unknown) => error),
      Array.fromAsync(capture.join().incoming).catch((error: unknown) => error),
    ]);
    for (const failure of failures as KopsError[]) {
      expect(failure).toMatchObject({ code: 'KOPS_FORMAT_UNSUPPORTED', retryable: false });
      expect(failure.hint).toContain(update);
    }
  });

  it('of our revision is not', async () => {
    await using folder = await socketFolder();
    await using _server = await archiverOf(`${folder.path}/s`, String(protocolRevision));
    await using operator = connectOperator({ address: `unix:${folder.path}/s`, secret });
    expect(await operator.listBackups()).toEqual([]);
  });
});
