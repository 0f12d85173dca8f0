import {
  KopsError,
  mapLimit,
  silentLogger,
  Semaphore,
  systemClock,
  withDeadline,
  type Clock,
  type Logger,
  type Offset,
} from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { Repository } from '@kops/repository';
import type {
  ArchiverHandlers,
  BackupEvent,
  BackupSummary,
  Duplex,
  Frame,
  Ack,
  OperatorApi,
  StartBackup,
  StartedBackup,
  WatermarkQuery,
} from '@kops/transport';
import { AgentRegistry } from './agent-registry.ts';
import { Backup } from './backup.ts';
import { requireDistinct } from './distinct-copies.ts';
import { describePrepared, prepareBackup, type BackupContext } from './prepare-backup.ts';

/** What an archiver works with. */
export interface ArchiverOptions {
  /** Gives a client of a cluster by its configured name. @throws KOPS_CONFIG for an unknown name */
  readonly connect: (cluster: string) => Promise<KafkaClient>;
  /** Opens a repository by its configured name; undefined when it is new. Writes nothing. @throws KOPS_CONFIG for an unknown name; KOPS_REFUSED where none can be made */
  readonly findRepository: (name: string) => Promise<Repository | undefined>;
  /** Opens a repository by its configured name, creating it when it is new. @throws KOPS_CONFIG for an unknown name */
  readonly openRepository: (name: string) => Promise<Repository>;
  readonly kopsVersion: string;
  /** A segment is sealed once it holds so many bytes; default 256 MiB. */
  readonly segmentBytes?: number;
  /** Bytes that received frames may hold in memory; default 64 MiB (a batch larger than that is taken alone). */
  readonly budgetBytes?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const keptBackups = 100;
const openMs = 15_000;

/** The engine of an archiver: takes batches in, makes them durable, commits archives. */
export class Archiver implements AsyncDisposable {
  readonly #options: ArchiverOptions;
  readonly #registry: AgentRegistry;
  readonly #budget: Semaphore;
  readonly #backups = new Map<string, Backup>();
  readonly #running = new Set<string>();
  readonly #clients = new Map<string, Promise<KafkaClient>>();
  #epoch = 0n;
  readonly #closing = new AbortController();

  constructor(options: ArchiverOptions) {
    this.#options = options;
    this.#registry = new AgentRegistry(options.logger);
    this.#budget = new Semaphore(options.budgetBytes ?? 64 * 1024 * 1024);
  }

  /** What a transport server calls. */
  get handlers(): ArchiverHandlers {
    const operator: OperatorApi = {
      startBackup: (request) => this.#startBackup(request),
      watchBackup: (id, signal) => this.#watch(id, signal),
      stopBackup: async (id) => this.#find(id).stop(),
      listBackups: async () => this.#list(),
      watermark: (query, signal) => this.#watermark(query, signal),
    };
    return {
      join: (agent) => this.#registry.serve(agent),
      stream: (stream) => this.#serveStream(stream),
      refused: (error, caller) => {
        const { logger = silentLogger } = this.#options;
        logger.warn('rejected a call', { caller, code: error.code, reason: error.message });
        if (caller === 'agent') this.#registry.refused(error);
      },
      operator,
    };
  }

  /** Ends what runs, without a commit: what is durable stays for the next run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const running = [...this.#backups.values()].filter((backup) => backup.running);
    for (const backup of running) backup.abort(shutDown());
    await Promise.all(running.map((backup) => backup.finished));
    const clients = await Promise.allSettled(this.#clients.values());
    const connected = clients.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await Promise.all(connected.map((client) => client[Symbol.asyncDispose]()));
  }

  async #startBackup(request: StartBackup): Promise<StartedBackup> {
    if (request.repositories.length === 0)
      throw new KopsError('KOPS_USAGE', 'a backup needs a repository');
    const { prepared, context } = await prepareBackup(request, await this.#tools(request), () =>
      this.#repositories(request),
    );
    if (request.dryRun) return describePrepared(prepared, '');
    const isClosing = (): boolean => this.#closing.signal.aborted;
    if (isClosing()) throw shutDown();
    const backup = await Backup.begin(request, context, prepared);
    // Shut down meanwhile: nobody else would end it.
    if (isClosing()) backup.abort(shutDown());
    this.#backups.set(backup.id, backup);
    this.#forgetOldest();
    return describePrepared(prepared, backup.id);
  }

  /** All copies; none for a plan where one does not exist yet, as no archive is in all of them then. */
  async #repositories({ repositories: names, dryRun }: StartBackup): Promise<Repository[]> {
    const { findRepository, openRepository } = this.#options;
    const found = await mapLimit(names, 1, findRepository);
    const there = found.filter((repository) => repository !== undefined);
    requireDistinct(there);
    if (dryRun) return there.length === names.length ? there : [];
    const opened = await mapLimit(names, 1, openRepository);
    requireDistinct(opened);
    return opened;
  }

  async #tools(request: StartBackup): Promise<Omit<BackupContext, 'repositories'>> {
    const {
      clock = systemClock,
      logger = silentLogger,
      segmentBytes = 256 * 1024 * 1024,
      kopsVersion,
    } = this.#options;
    return {
      kafka: await this.#client(request.cluster),
      registry: this.#registry,
      budget: this.#budget,
      segmentBytes,
      kopsVersion,
      clock,
      logger,
      running: this.#running,
      nextEpoch: () => ++this.#epoch,
    };
  }

  #client(cluster: string): Promise<KafkaClient> {
    const client = this.#clients.get(cluster) ?? this.#options.connect(cluster);
    this.#clients.set(cluster, client);
    // The caller gets the failure; the next call connects anew.
    client.catch(() => this.#clients.delete(cluster));
    return client;
  }

  async #serveStream(duplex: Duplex<Frame, Ack>): Promise<void> {
    const frames = duplex.incoming[Symbol.asyncIterator]();
    const first = await withDeadline(frames.next(), {
      ms: openMs,
      code: 'KOPS_FENCED',
      what: 'open frame',
    });
    if (first.done === true) return;
    if (first.value.type !== 'open')
      throw new KopsError('KOPS_UNEXPECTED', 'the first frame of a stream is not an open frame');
    const open = first.value;
    for (const backup of this.#backups.values()) {
      if (backup.running && backup.request.cluster === open.cluster && backup.assigned(open)) {
        await backup.serveStream(open, frames, duplex);
        return;
      }
    }
    throw new KopsError('KOPS_FENCED', 'no backup captures this partition', {
      at: { topic: open.topic, partition: open.partition },
    });
  }

  #watch(id: string, signal: AbortSignal | undefined): AsyncIterable<BackupEvent> {
    return this.#find(id).events.watch(signal);
  }

  #list(): BackupSummary[] {
    return [...this.#backups.values()].reverse().map((backup) => backup.summary());
  }

  async #watermark(query: WatermarkQuery, signal: AbortSignal | undefined): Promise<Offset> {
    const { clock = systemClock } = this.#options;
    const backup = this.#find(query.backupId);
    const deadline = clock.monotonic() + query.timeoutMs;
    for (;;) {
      const offset = backup.watermark(query);
      if (offset === undefined) {
        throw new KopsError('KOPS_TOPIC_NOT_FOUND', 'the partition is not part of this backup', {
          at: { topic: query.topic, partition: query.partition },
        });
      }
      const left = deadline - clock.monotonic();
      if (offset >= query.waitForOffset || left <= 0 || !backup.running || signal?.aborted === true)
        return offset;
      await Promise.race([backup.watermarkMoved(), clock.sleep(Math.min(left, 1000))]);
    }
  }

  #find(id: string): Backup {
    const backup = this.#backups.get(id);
    if (backup !== undefined) return backup;
    throw new KopsError('KOPS_ARCHIVE_NOT_FOUND', `there is no backup '${id}'`, {
      hint: 'Check the log of the archiver for the ids of its backups.',
    });
  }

  #forgetOldest(): void {
    for (const [id, backup] of this.#backups) {
      if (this.#backups.size <= keptBackups) return;
      if (!backup.running) this.#backups.delete(id);
    }
  }
}

function shutDown(): KopsError {
  return new KopsError('KOPS_ARCHIVER_UNREACHABLE', 'the archiver was shut down', {
    hint: 'Start the archiver, then run the backup again: it resumes from the durable data. Backups in the configuration file (backups) resume automatically.',
  });
}
