import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAgentApp } from '@kops/agent';
import { runArchiverApp } from '@kops/archiver';
import { silentLogger } from '@kops/core';
import { openFileStore } from '@kops/object-store/file';
import { openArchive, openRepository, type Archive } from '@kops/repository';
import { connectOperator, type Endpoint } from '@kops/transport';

/** An archive made by the real archiver and the real agent, in a folder of its own. */
export interface MadeArchive extends AsyncDisposable {
  readonly archive: Archive;
  readonly folder: string;
}

/** Backs the cluster up: archiver and agent in this process, over gRPC on a unix socket. */
export async function makeArchive(bootstrapServers: string): Promise<MadeArchive> {
  const folder = await mkdtemp(join(tmpdir(), 'kops-drill-test-'));
  const repository = join(folder, 'repository');
  await backUp(folder, repository, bootstrapServers);
  const store = await openFileStore(repository);
  const archive = await openArchive(await openRepository(store), 'latest');
  return {
    archive,
    folder,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function backUp(folder: string, repository: string, bootstrapServers: string): Promise<void> {
  const endpoint: Endpoint = {
    address: `unix:${join(folder, 'archiver.sock')}`,
    secret: randomBytes(16).toString('hex'),
  };
  const clusters = { main: { bootstrapServers: bootstrapServers.split(',') } };
  const stop = new AbortController();
  const ready = Promise.withResolvers<string>();
  const archiver = runArchiverApp(
    {
      listen: endpoint,
      clusters,
      repositories: { main: repository },
      segmentBytes: 1024 * 1024,
      version: '0.1.0',
    },
    stop.signal,
    silentLogger,
    ready.resolve,
  );
  archiver.catch(ready.reject);
  await ready.promise;
  const agent = runAgentApp(
    { archiver: endpoint, clusters, host: 'localhost', rack: '', brokerIds: [], version: '0.1.0' },
    stop.signal,
    silentLogger,
  );
  try {
    await runBackup(endpoint);
  } finally {
    stop.abort();
    await Promise.allSettled([archiver, agent]);
  }
}

async function runBackup(endpoint: Endpoint): Promise<void> {
  await using operator = connectOperator(endpoint);
  const { backupId } = await operator.startBackup({
    cluster: 'main',
    repositories: ['main'],
    topics: [],
    exclude: [],
    ack: 'sync',
    isolation: 'read_committed',
    follow: false,
    generationIntervalMs: 0,
    outageLimitMs: null,
    dryRun: false,
    allowEmpty: false,
    strict: false,
    expectPurge: [],
  });
  for await (const event of operator.watchBackup(backupId)) {
    if (event.type === 'failed') throw event.error;
    if (event.type === 'finished') return;
  }
  throw new Error('the backup ended without a word');
}
