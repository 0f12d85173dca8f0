import {
  KopsError,
  silentLogger,
  systemClock,
  toKopsError,
  type Clock,
  type Logger,
} from '@kops/core';
import type { KafkaClient, ThrottleNotice } from '@kops/kafka';
import type { CaptureClient, Throttled } from '@kops/transport';
import { ArchiverLink } from './archiver-link.ts';
import { defaultLimits, type CaptureLimits } from './log-cursor.ts';
import { StreamScheduler } from './stream-scheduler.ts';

/** Who an agent is and what it works with. */
export interface AgentOptions {
  /** Random, new for every start. */
  readonly agentId: string;
  readonly host: string;
  readonly rack: string;
  /** Ids of the brokers on the same host; their partitions come here first. */
  readonly brokerIds: readonly number[];
  readonly version: string;
  readonly capture: CaptureClient;
  /** Gives the client of a cluster by its name in the agent's configuration; called once per name. The client reports quotas that delay it. */
  readonly connect: (
    cluster: string,
    onThrottled: (notice: ThrottleNotice) => void,
  ) => Promise<KafkaClient>;
  /** PartitionStreams at a time; at most 64, by default 24. */
  readonly capacity?: number;
  /** Bytes of fetched data in memory; default 8 MiB. */
  readonly budgetBytes?: number;
  readonly limits?: CaptureLimits;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly signal: AbortSignal;
}

/** Half of what CAPTURE.md allows: with thousands of small partitions every stream more costs memory. */
const maxStreams = 64;
const usualStreams = 24;
const rejoinMs = 500;

/**
 * Runs an agent until its signal is aborted: joins the archiver, carries the partitions it is assigned, joins again when the
 * archiver was gone. Keeps no state: what is archived is for the archiver to say.
 * @throws KOPS_ACCESS_DENIED when the archiver refuses the agent for good; resolves on a stop.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? silentLogger;
  const clients = new Map<string, Promise<KafkaClient>>();
  const throttle = new LongestThrottle();
  const connect = (cluster: string): Promise<KafkaClient> => {
    const client =
      clients.get(cluster) ?? options.connect(cluster, (notice) => throttle.add(notice));
    clients.set(cluster, client);
    // A cluster that could not be reached is tried anew by the next stream; this stream's caller sees the failure.
    client.catch(() => clients.delete(cluster));
    return client;
  };
  const stopped = (): boolean => options.signal.aborted;
  const link = new ArchiverLink(logger, clock);
  try {
    while (!stopped()) {
      try {
        await joinOnce({ ...options, connect, throttle, logger, onJoined: () => link.joined() });
      } catch (error) {
        const failure = toKopsError(error);
        if (stopped()) break;
        if (!failure.retryable) throw failure;
        link.lost(failure);
      }
      await clock.sleep(rejoinMs, options.signal).catch((error: unknown) => {
        if (!stopped()) throw error;
      });
    }
  } finally {
    await closeClients(clients);
  }
}

async function closeClients(clients: ReadonlyMap<string, Promise<KafkaClient>>): Promise<void> {
  const connected = await Promise.allSettled(clients.values());
  for (const result of connected) {
    if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]();
  }
}

async function joinOnce(
  options: Omit<AgentOptions, 'connect'> & {
    readonly connect: (cluster: string) => Promise<KafkaClient>;
    readonly throttle: LongestThrottle;
    readonly logger: Logger;
    readonly onJoined: () => void;
  },
): Promise<void> {
  const duplex = options.capture.join();
  const { agentId, host, rack, brokerIds, version } = options;
  const capacity = Math.min(options.capacity ?? usualStreams, maxStreams);
  const failed = (error: unknown): void => duplex.abort(toKopsError(error));
  const scheduler = new StreamScheduler({
    agentId,
    capture: options.capture,
    connect: options.connect,
    capacity,
    budgetBytes: options.budgetBytes ?? 8 * 1024 * 1024,
    limits: options.limits ?? defaultLimits,
    pollMs: 500,
    logger: options.logger,
    onFailed: ({ topic, partition, epoch }, error) => {
      duplex.send({ type: 'failed', topic, partition, epoch, error }).catch(failed);
    },
  });
  const leave = (): void =>
    duplex.abort(new KopsError('KOPS_INTERRUPTED', 'the agent is stopping'));
  options.signal.addEventListener('abort', leave, { once: true });
  let heartbeat: NodeJS.Timeout | undefined;
  try {
    await duplex.send({ type: 'hello', agentId, host, rack, brokerIds, capacity, version });
    for await (const assignment of duplex.incoming) {
      if (assignment.type === 'welcome') {
        heartbeat = setInterval(() => {
          duplex.send({ type: 'heartbeat', throttled: options.throttle.take() }).catch(failed);
        }, assignment.heartbeatIntervalMs);
        options.onJoined();
      } else if (assignment.type === 'assign')
        scheduler.assign(assignment.cluster, assignment.partitions);
      else scheduler.revoke(assignment.partitions);
    }
    throw new KopsError('KOPS_ARCHIVER_UNREACHABLE', 'the archiver closed the connection');
  } finally {
    clearInterval(heartbeat);
    options.signal.removeEventListener('abort', leave);
    await scheduler.stop();
  }
}

/** The quota that has delayed fetches most since it was last asked for. */
class LongestThrottle {
  #longest: Throttled | null = null;

  add(notice: ThrottleNotice): void {
    if (notice.throttleMs > (this.#longest?.throttleMs ?? 0)) this.#longest = notice;
  }

  take(): Throttled | null {
    const longest = this.#longest;
    this.#longest = null;
    return longest;
  }
}
