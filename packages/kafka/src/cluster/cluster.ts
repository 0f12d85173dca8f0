import {
  KopsError,
  retry,
  toKopsError,
  throwIfAborted,
  type Logger,
  type RetryPolicy,
} from '@kops/core';
import type { BrokerEntry, MetadataResponse } from '../apis/metadata.ts';
import { metadataV10 } from '../apis/metadata-v10.ts';
import { metadataV7 } from '../apis/metadata-v7.ts';
import { protocolError } from '../client/protocol-error.ts';
import { kafkaCode } from '../error-codes.ts';
import type { BrokerConnection, SendOptions } from '../network/broker-connection.ts';
import { abortable } from '../network/abortable.ts';
import { BrokerLink } from '../network/broker-link.ts';
import { BufferPool } from '../network/buffer-pool.ts';
import { formatAddress } from '../network/failures.ts';
import type { BrokerAddress, ConnectionSettings } from '../network/kafkajs-connection.ts';
import type { PartitionMetadata, TopicMetadata } from '../port.ts';
import { supports, type Api } from '../wire/api.ts';
import { send, topicNotFound } from './send.ts';
import { toTopicMetadata } from './topic-state.ts';

/** What a cluster connection is made of. */
export interface ClusterSettings extends ConnectionSettings {
  readonly bootstrap: readonly BrokerAddress[];
  readonly retryDeadlineMs: number;
  readonly maxFetchConnections: number;
  readonly bufferPoolBytes: number;
}

/** What the cluster says of itself. */
export type ClusterView = Pick<MetadataResponse, 'brokers' | 'controllerId'> & {
  readonly clusterId: string;
};

/** Who is asked, who leads what, and how often things are tried again. */
export class Cluster {
  readonly settings: ClusterSettings;
  readonly #policy: RetryPolicy;
  readonly #pool: BufferPool;
  readonly #links = new Map<string, BrokerLink>();
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #refreshing = new Map<string, Promise<TopicMetadata | undefined>>();
  /** Which failure, counted over all, was the last of an address. */
  readonly #failedAt = new Map<string, number>();
  #failures = 0;
  #view: ClusterView | undefined;
  #closed: KopsError | undefined;

  constructor(settings: ClusterSettings) {
    this.settings = settings;
    this.#policy = { initialDelayMs: 50, maxDelayMs: 2_000, deadlineMs: settings.retryDeadlineMs };
    this.#pool = new BufferPool(settings.bufferPoolBytes);
  }

  get #logger(): Logger | undefined {
    return this.settings.logger;
  }

  /** Tries `work` again while its errors are temporary, until the deadline. */
  async attempt<T>(
    work: (attempt: number) => Promise<T>,
    signal?: AbortSignal,
    deadlineMs?: number,
  ): Promise<T> {
    try {
      return await retry(
        { ...this.#policy, ...(deadlineMs === undefined ? {} : { deadlineMs }) },
        (n) => {
          if (this.#closed !== undefined) throw this.#closed;
          return work(n);
        },
        {
          ...(signal === undefined ? {} : { signal }),
          onRetry: (error, attempt) => {
            this.#logger?.debug('retrying', {
              attempt,
              code: error.code,
              reason: error.message,
            });
          },
        },
      );
    } catch (error) {
      throwIfAborted(signal);
      throw toKopsError(error);
    }
  }

  #link(address: BrokerAddress): BrokerLink {
    if (this.#closed !== undefined) throw this.#closed;
    const key = formatAddress(address);
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new BrokerLink(address, this.settings, this.#pool, this.settings.maxFetchConnections);
      this.#links.set(key, link);
    }
    return link;
  }

  /** The broker with an id. @throws KOPS_KAFKA_UNREACHABLE when the cluster does not know it (any more). */
  async broker(id: number, signal?: AbortSignal): Promise<BrokerLink> {
    const find = (): BrokerEntry | undefined =>
      this.#view?.brokers.find((broker) => broker.id === id);
    if (find() === undefined) await this.refresh([], signal);
    const entry = find();
    if (entry !== undefined) return this.#link(entry);
    throw new KopsError(
      'KOPS_KAFKA_UNREACHABLE',
      `broker ${String(id)} is not running in the cluster`,
      {
        at: { broker: String(id) },
        hint: 'Start the broker, or reassign its partitions to other brokers.',
      },
    );
  }

  /** The controller; in KRaft any broker, which passes requests on. */
  async controller(signal?: AbortSignal): Promise<BrokerLink> {
    const { controllerId } = this.#view ?? (await this.refresh([], signal)).view;
    return this.broker(controllerId, signal);
  }

  /** Brokers of the cluster as last seen, then the addresses given; each once, those that failed last at the end. */
  #candidates(): BrokerAddress[] {
    const all = [...(this.#view?.brokers ?? []), ...this.settings.bootstrap];
    const unique = new Map(all.map((address) => [formatAddress(address), address]));
    const failedAt = (key: string): number => this.#failedAt.get(key) ?? 0;
    return [...unique].sort(([a], [b]) => failedAt(a) - failedAt(b)).map(([, address]) => address);
  }

  /**
   * Runs `work` with the first broker that can be connected to.
   * @throws KOPS_KAFKA_UNREACHABLE naming each address and why; KOPS_ACCESS_DENIED at the first refusal.
   */
  async anyBroker<T>(
    work: (connection: BrokerConnection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const failures: KopsError[] = [];
    for (const address of this.#candidates()) {
      throwIfAborted(signal);
      try {
        return await work(await this.#link(address).control(signal));
      } catch (thrown) {
        failures.push(this.#noteFailure(address, thrown));
      }
    }
    throw noBroker(failures);
  }

  /**
   * Runs `work` with several brokers at once and waits for the first that succeeds.
   * @throws KOPS_KAFKA_UNREACHABLE naming each address and why
   */
  async firstOf<T>(
    most: number,
    work: (connection: BrokerConnection) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const failures: KopsError[] = [];
    const asked = this.#candidates()
      .slice(0, most)
      .map(async (address) => {
        try {
          return await work(await this.#link(address).control(signal));
        } catch (thrown) {
          failures.push(this.#noteFailure(address, thrown));
          throw thrown;
        }
      });
    try {
      return await Promise.any(asked);
    } catch (error) {
      throw failures.length === asked.length ? noBroker(failures) : firstFailure(error);
    }
  }

  /** Has an address asked last from now on. @throws any error that is not about the connection */
  #noteFailure(address: BrokerAddress, thrown: unknown): KopsError {
    const error = toKopsError(thrown);
    if (error.code !== 'KOPS_KAFKA_UNREACHABLE') throw error;
    this.#failures += 1;
    this.#failedAt.set(formatAddress(address), this.#failures);
    return error;
  }

  /** Sends one short request over a control connection. */
  async ask<Request, Response>(
    link: BrokerLink,
    api: Api<Request, Response>,
    request: Request,
    options: SendOptions = {},
  ): Promise<Response> {
    const connection = await link.control(options.signal);
    return (await send(connection, api, request, options)).response;
  }

  /** Metadata of the topics named, or of all; what is learned is kept for finding leaders. */
  async refresh(
    names: readonly string[] | null,
    signal?: AbortSignal,
  ): Promise<{ view: ClusterView; response: MetadataResponse }> {
    const response = await this.anyBroker(async (connection) => {
      const api = supports(connection.versions, metadataV10) ? metadataV10 : metadataV7;
      return (await send(connection, api, { topics: names }, { signal })).response;
    }, signal);
    if (response.brokers.length === 0) {
      throw new KopsError('KOPS_KAFKA_UNREACHABLE', 'the cluster reports no brokers');
    }
    this.#view = {
      brokers: response.brokers,
      controllerId: response.controllerId,
      clusterId: response.clusterId ?? '',
    };
    if (names === null) this.#topics.clear();
    for (const entry of response.topics) {
      if (entry.errorCode === kafkaCode.none) this.#topics.set(entry.name, toTopicMetadata(entry));
      else this.#topics.delete(entry.name);
    }
    return { view: this.#view, response };
  }

  /** Forgets what is known of a topic: its leaders moved. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  /** A topic as last seen, else as a broker sees it now; undefined when it does not exist. One request for all who ask meanwhile. */
  async topic(name: string, signal?: AbortSignal): Promise<TopicMetadata | undefined> {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    let pending = this.#refreshing.get(name);
    if (pending === undefined) {
      pending = this.#lookUp(name).finally(() => this.#refreshing.delete(name));
      this.#refreshing.set(name, pending);
    }
    return abortable(pending, signal);
  }

  async #lookUp(name: string): Promise<TopicMetadata | undefined> {
    const { response } = await this.refresh([name]);
    const entry = response.topics.find((topic) => topic.name === name);
    const errorCode = entry?.errorCode ?? kafkaCode.unknownTopicOrPartition;
    if (errorCode === kafkaCode.none) return this.#topics.get(name);
    if (errorCode === kafkaCode.unknownTopicOrPartition) return undefined;
    throw protocolError(metadataV10, errorCode, { at: { topic: name } });
  }

  /** The leader of a partition. @throws KOPS_KAFKA_UNREACHABLE while there is none; KOPS_TOPIC_NOT_FOUND. */
  async leader(
    topic: string,
    partition: number,
    signal?: AbortSignal,
  ): Promise<{ link: BrokerLink; metadata: PartitionMetadata; topic: TopicMetadata }> {
    const known = await this.topic(topic, signal);
    if (known === undefined) throw topicNotFound(topic);
    const metadata = known.partitions.find((candidate) => candidate.partition === partition);
    if (metadata === undefined) {
      this.forget(topic);
      throw new KopsError(
        'KOPS_TOPIC_NOT_FOUND',
        `topic '${topic}' has no partition ${String(partition)}`,
        {
          at: { topic, partition },
          hint: 'List the partitions of the topic: it may have been recreated with fewer.',
        },
      );
    }
    if (metadata.leader < 0) {
      this.forget(topic);
      throw new KopsError(
        'KOPS_KAFKA_UNREACHABLE',
        `partition ${topic}-${String(partition)} has no leader`,
        {
          at: { topic, partition },
          hint: 'Start the brokers that hold its replicas.',
        },
      );
    }
    try {
      return { link: await this.broker(metadata.leader, signal), metadata, topic: known };
    } catch (error) {
      this.forget(topic);
      throw error;
    }
  }

  /** Closes every connection; what is under way fails. */
  close(): void {
    this.#closed ??= new KopsError('KOPS_INTERRUPTED', 'the Kafka client was closed');
    for (const link of this.#links.values()) link.close(this.#closed);
    this.#links.clear();
  }
}

function noBroker(failures: readonly KopsError[]): KopsError {
  const [first] = failures;
  return new KopsError(
    'KOPS_KAFKA_UNREACHABLE',
    `no broker can be reached: ${failures.map((error) => error.message).join('; ')}`,
    { hint: first?.hint ?? 'Use the address of a running broker.', cause: first },
  );
}

/** What is not about the connection tells more. */
function firstFailure(thrown: unknown): KopsError {
  const errors: unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
  const known = errors.map(toKopsError);
  return known.find(({ code }) => code !== 'KOPS_KAFKA_UNREACHABLE') ?? toKopsError(thrown);
}
