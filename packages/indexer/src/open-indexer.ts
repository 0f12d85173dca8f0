import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { CallOptions, Catalog } from '@kops/catalog';
import { connectElasticsearch, type ElasticsearchSettings } from '@kops/catalog/elasticsearch';
import { silentLogger, systemClock } from '@kops/core';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { openRepository } from '@kops/repository';
import { ActivityMeter } from './activity.ts';
import { DeadLetterFiles } from './dead-letter.ts';
import type { Indexer, IndexerOptions } from './indexer-port.ts';
import { RepositoryIndexer } from './indexer.ts';
import type { IndexerLimits, IndexerSettings } from './settings.ts';
import { makeDirectory } from './state/durable-file.ts';
import { StateFile } from './state/state-file.ts';
import { StateLock } from './state/state-lock.ts';
import { statePaths } from './state/state-paths.ts';
import { Hold } from './worker/hold.ts';

const mebibyte = 1024 * 1024;

/**
 * Opens an indexer. The repository is opened, Elasticsearch is not asked for anything yet.
 * @throws KOPS_HELD when the state has another owner; KOPS_REPOSITORY_NOT_FOUND; KOPS_OBJECT_CORRUPT for a damaged state
 */
export async function openIndexer(options: IndexerOptions): Promise<Indexer> {
  const { clock = systemClock, logger = silentLogger } = options;
  const { directory } = parseRepositoryUrl(options.repositoryUrl);
  const repository = await openRepository(await openFileStore(directory));
  const { id } = repository.info;
  const folder = join(options.stateDirectory, id);
  const paths = statePaths(folder);
  await makeDirectory(folder);
  await using opened = new AsyncDisposableStack();
  const lock = opened.use(await StateLock.acquire(paths.lock, clock));
  const state = opened.use(await StateFile.open(paths.state, id, () => lock.check()));
  const deadLetters = await DeadLetterFiles.open(paths.deadLetters);
  const connection = opened.use(new Connection(options.elasticsearch));
  const kept = opened.move();
  return new RepositoryIndexer({
    settings: settingsOf(options),
    limits: limitsOf(options.limits),
    ...{ repository, state, deadLetters, clock },
    spoolDirectory: paths.deadLetters,
    meter: new ActivityMeter(logger),
    hold: options.backupBytes && new Hold(options.backupBytes, clock),
    connect: (call) => connection.open(call),
    deadlineMs: options.deadlineMs ?? 300_000,
    pollMs: options.pollMs ?? 10_000,
    close: () => kept.disposeAsync(),
  });
}

/** Of the options, what can be handed to a thread. */
function settingsOf({
  repositoryUrl,
  elasticsearch,
  records,
  hashKey,
  schemaRegistry,
}: IndexerOptions): IndexerSettings {
  return {
    repositoryUrl,
    elasticsearch,
    records,
    ...(hashKey === undefined ? {} : { hashKey }),
    ...(schemaRegistry === undefined ? {} : { schemaRegistry }),
  };
}

function limitsOf(given: Partial<IndexerLimits> = {}): IndexerLimits {
  return {
    workers: Math.max(1, Math.min(2, availableParallelism() - 1)),
    pieceBytes: 32 * mebibyte,
    piecesPerWorker: 2,
    maxRequestBytes: 5 * mebibyte,
    requestsPerPiece: 2,
    ...given,
  };
}

/** The catalog, connected with the first need of it. */
class Connection implements AsyncDisposable {
  readonly #settings: ElasticsearchSettings;
  #catalog: Promise<Catalog> | undefined;

  constructor(settings: ElasticsearchSettings) {
    this.#settings = settings;
  }

  open(call: CallOptions): Promise<Catalog> {
    // A failure is not kept: the next one may find the server back.
    this.#catalog ??= connectElasticsearch(this.#settings, call).catch((error: unknown) => {
      this.#catalog = undefined;
      throw error;
    });
    return this.#catalog;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#catalog)?.[Symbol.asyncDispose]();
  }
}
