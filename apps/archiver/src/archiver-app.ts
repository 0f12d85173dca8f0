import { KopsError, type Logger } from '@kops/core';
import { Archiver } from '@kops/ingest';
import { connectKafka, type KafkaOptions } from '@kops/kafka';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { createRepository, findRepository, type Repository } from '@kops/repository';
import { serveArchiver, type Endpoint, type OperatorApi } from '@kops/transport';
import type { CatalogSettings } from './catalog-feed.ts';
import { runStandingBackups, type StandingBackup } from './standing-backups.ts';

/** What an archiver process is told. */
export interface ArchiverSettings {
  readonly listen: Endpoint;
  /** Clusters by name. */
  readonly clusters: Readonly<Record<string, KafkaOptions>>;
  /** URLs of repositories by name. */
  readonly repositories: Readonly<Record<string, string>>;
  /** A segment is sealed once it holds so many bytes. */
  readonly segmentBytes: number;
  /** Permissions of the files of a repository. Default: 0600. */
  readonly fileMode?: number;
  readonly version: string;
  /** Backups that it runs by itself, by name. */
  readonly backups?: Readonly<Record<string, StandingBackup>>;
  /** The catalog that it feeds, if there is one. */
  readonly catalog?: CatalogSettings;
}

/** Runs an archiver until the signal is aborted. `onReady` is called with the address it listens on. */
export async function runArchiverApp(
  settings: ArchiverSettings,
  signal: AbortSignal,
  logger: Logger,
  onReady: (address: string) => void,
): Promise<void> {
  checkBackups(settings);
  const repositories = new Map<string, Promise<Repository>>();
  await using archiver = new Archiver({
    connect: (name) => connectKafka({ ...known(settings.clusters, name, 'cluster'), logger }),
    findRepository: (name) => findNamed(settings, name),
    openRepository: (name) => {
      const opened = repositories.get(name) ?? openNamed(settings, name);
      repositories.set(name, opened);
      // The caller gets the failure; the next call tries anew.
      opened.catch(() => repositories.delete(name));
      return opened;
    },
    kopsVersion: settings.version,
    segmentBytes: settings.segmentBytes,
    logger,
  });
  await using server = await serveArchiver(settings.listen, archiver.handlers);
  logger.info('the archiver is listening', { address: server.address });
  onReady(server.address);
  const feeding = feed(settings, archiver.handlers.operator, signal, logger);
  const { operator } = archiver.handlers;
  const standing = runStandingBackups(settings.backups ?? {}, { operator, signal, logger });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await archiver[Symbol.asyncDispose]();
  await Promise.all([feeding, standing]);
}

/** Loads what the catalog needs only where there is one: it is as much as all the rest. */
async function feed(
  { catalog, repositories }: ArchiverSettings,
  operator: OperatorApi,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  if (catalog === undefined) return;
  const { feedCatalog } = await import('./catalog-feed.ts');
  const backupBytes = async (): Promise<number> =>
    (await operator.listBackups()).reduce((sum, { progress }) => sum + Number(progress.bytes), 0);
  await feedCatalog(catalog, { repositories, backupBytes, signal, logger });
}

async function openNamed(
  { repositories, fileMode }: ArchiverSettings,
  name: string,
): Promise<Repository> {
  const location = parseRepositoryUrl(known(repositories, name, 'repository'));
  return createRepository(
    await openFileStore(location.directory, {
      create: true,
      ...(fileMode === undefined ? {} : { fileMode }),
    }),
  );
}

/** The repository of a name where there is one. Makes nothing. */
async function findNamed(
  { repositories }: ArchiverSettings,
  name: string,
): Promise<Repository | undefined> {
  const { directory } = parseRepositoryUrl(known(repositories, name, 'repository'));
  try {
    return await findRepository(await openFileStore(directory));
  } catch (error) {
    if (KopsError.is(error, 'KOPS_REPOSITORY_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** A name that does not exist is found when the archiver starts, not at night. @throws KOPS_CONFIG */
function checkBackups({ backups = {}, clusters, repositories }: ArchiverSettings): void {
  for (const { request } of Object.values(backups)) {
    known(clusters, request.cluster, 'cluster');
    for (const name of request.repositories) known(repositories, name, 'repository');
  }
}

function known<T>(
  configured: Readonly<Record<string, T>>,
  name: string,
  kind: 'cluster' | 'repository',
): T {
  const value = Object.hasOwn(configured, name) ? configured[name] : undefined;
  if (value !== undefined) return value;
  const names = Object.keys(configured).join(', ') || 'none';
  const section = kind === 'cluster' ? 'clusters' : 'repositories';
  throw new KopsError(
    'KOPS_CONFIG',
    `this archiver has no ${kind} '${name}' (configured: ${names})`,
    {
      hint: `Add ${section}.${name} to the archiver's configuration, or use a configured name.`,
    },
  );
}
