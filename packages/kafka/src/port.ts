import type { KopsError, Logger, Offset, TopicId, TopicPartition } from '@kops/core';

/** TLS of a Kafka connection; `true` takes the system's authorities. PEM texts, not paths. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly servername?: string;
  /** Only ever false for tests of one's own. */
  readonly rejectUnauthorized?: boolean;
}

/** SASL of a Kafka connection. */
export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** A broker's quota that slows this client (KIP-219). */
export interface ThrottleNotice {
  /** `host:port`. */
  readonly broker: string;
  /** How long the broker wants to be left alone, in ms. */
  readonly throttleMs: number;
}

/** How to reach a cluster. */
export interface KafkaOptions {
  /** `host:port` each. */
  readonly bootstrapServers: readonly string[];
  readonly clientId?: string;
  readonly tls?: boolean | TlsOptions;
  readonly sasl?: SaslOptions;
  /** Until a TCP (TLS, SASL) connection stands; default 5,000 ms. */
  readonly connectTimeoutMs?: number;
  /** Until a request is answered, besides its own wait; default 15,000 ms. */
  readonly requestTimeoutMs?: number;
  /** How long an operation is tried again (leader moves, dropped and black-holed connections); default 60,000 ms. */
  readonly retryDeadlineMs?: number;
  /** How long a broker's quota may hold back every fetch; default 300,000 ms. */
  readonly throttleDeadlineMs?: number;
  /** Called with every answer that a quota delays. Must not throw. */
  readonly onThrottled?: (notice: ThrottleNotice) => void;
  /** Connections per broker that fetch; a broker serves the requests of one connection one after the other. Default 4. */
  readonly maxFetchConnections?: number;
  /** Memory kept for the answers of fetches whose `release` was called; default 32 MiB. */
  readonly fetchBufferBytes?: number;
  readonly logger?: Logger;
}

export interface Broker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface ClusterDescription {
  readonly clusterId: string;
  readonly controllerId: number;
  readonly brokers: readonly Broker[];
}

export interface PartitionMetadata {
  readonly partition: number;
  /** -1 while there is none. */
  readonly leader: number;
  /** -1 where the broker does not say. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicMetadata {
  readonly name: string;
  /** Undefined on brokers before 2.8 (KIP-516). */
  readonly id: TopicId | undefined;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface TopicConfigEntry {
  readonly name: string;
  readonly value: string | null;
  /** Kafka's names: DYNAMIC_TOPIC_CONFIG, STATIC_BROKER_CONFIG, DEFAULT_CONFIG, … */
  readonly source: string;
  readonly isSensitive: boolean;
  readonly isReadOnly: boolean;
}

/**
 * Which offset to ask for: the log start, the start of what the broker itself stores (the rest is in tiered storage; -1 where the broker does
 * not say), the high watermark, the last stable offset, or the first at or after a time (ms).
 */
export type OffsetSpec =
  'earliest' | 'earliestLocal' | 'latest' | 'lastStable' | { readonly timestamp: bigint };

export interface FetchRequest extends TopicPartition {
  /** Needed where the broker fetches by topic id (Fetch v13, KIP-516); checked against metadata below that. */
  readonly topicId: TopicId | undefined;
  readonly offset: Offset;
  /** -1 when unknown. Fences an old or a too new leader (KIP-320); raised to the cluster's own after a leader move. */
  readonly currentLeaderEpoch: number;
  /** Of the last batch fetched before; -1 when none. */
  readonly lastFetchedEpoch?: number;
  /** Of the partition; the broker returns at least one whole batch, however large. */
  readonly maxBytes: number;
  /** How long the broker may wait for data; 0 asks for an answer at once. */
  readonly maxWaitMs: number;
  /** Nothing beyond the last stable offset, and the aborted transactions are named. Default false. */
  readonly readCommitted?: boolean;
  readonly signal?: AbortSignal;
}

/** What a fetch brought. */
export type FetchResult =
  | {
      readonly status: 'ok';
      /** Raw batches as the broker stored them, the last perhaps cut off, the first perhaps beginning before the offset asked for. */
      readonly bytes: Uint8Array;
      readonly highWatermark: Offset;
      readonly lastStableOffset: Offset;
      /** -1 where the broker does not say. */
      readonly logStart: Offset;
      /** Aborted transactions that overlap `bytes`; only with `readCommitted`. */
      readonly abortedTransactions: readonly {
        readonly producerId: bigint;
        readonly firstOffset: Offset;
      }[];
      /**
       * Gives the memory behind `bytes` back for another fetch; `bytes` must not be looked at any more, nor views of it. Optional: what
       * is never released is left to the garbage collector. Harmless when called twice.
       */
      readonly release?: () => void;
    }
  | {
      readonly status: 'offset-out-of-range';
      readonly highWatermark: Offset;
      readonly logStart: Offset;
    }
  /**
   * The leader's log parted from the one that was fetched before (KIP-595): `leaderEpoch` is the last epoch both have, `endOffset`
   * where it ends on the leader. Only with `lastFetchedEpoch` given, and only where the broker fetches by topic id.
   */
  | { readonly status: 'diverged'; readonly leaderEpoch: number; readonly endOffset: Offset }
  /** The topic id asked for is not (or no longer) that of the topic. */
  | { readonly status: 'topic-recreated' }
  | { readonly status: 'topic-gone' };

export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export interface ProduceRequest extends TopicPartition {
  /** One whole v2 batch. */
  readonly batch: Uint8Array;
  readonly transactionalId?: string;
  readonly signal?: AbortSignal;
}

export interface ProduceResult {
  /** Where the batch's first record now is. */
  readonly baseOffset: Offset;
  /** -1 unless the topic stamps LogAppendTime. */
  readonly logAppendTime: bigint;
  readonly logStart: Offset;
  /** True when the broker says that it has this sequence already (DUPLICATE_SEQUENCE_NUMBER); baseOffset may then be -1. */
  readonly duplicate: boolean;
}

/** Where a batch of a lane now is. */
export type AppendedBatch = Pick<ProduceResult, 'baseOffset' | 'logAppendTime' | 'logStart'>;

/** Hears what became of the batches of a lane. Neither method may throw. */
export interface ProduceListener {
  /** The oldest batch without an outcome was appended. */
  onAppended(batch: AppendedBatch): void;
  /**
   * A batch was refused, or nobody knows whether it was appended; then the same holds for all after it. Nothing of the lane is under
   * way any more, and none of it comes any more. Codes: those of all calls of {@link KafkaClient}.
   */
  onFailed(error: KopsError): void;
}

/** Where batches are produced to, and how. */
export interface ProduceLaneOptions extends TopicPartition {
  readonly listener: ProduceListener;
  /**
   * Batches of the partition that may be under way behind each other. More than one needs batches with a producer id of their own and
   * continuous sequences: else one that comes after a refused one takes its place.
   */
  readonly maxUnderWay: number;
  /** Of the opening. */
  readonly signal?: AbortSignal;
}

/**
 * Batches of one partition, sent in their order to the broker that leads it when the lane is opened. Nothing is ever sent again: after
 * a failure the caller finds out what is in the log and opens another lane.
 */
export interface ProduceLane {
  /** Queues one whole v2 batch. Its memory must stay as it is until its outcome. Dropped once the lane failed, which the listener hears. */
  push(batch: Uint8Array): void;
  /** No batch comes for the time being: others need not wait for it. */
  end(): void;
  /** Gives the lane up: what was not sent is dropped, and the listener hears nothing any more. */
  close(): void;
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: Offset;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

export interface GroupDescription {
  readonly group: string;
  /** Kafka's names: Stable, Empty, Dead, PreparingRebalance, … */
  readonly state: string;
  readonly protocolType: string;
  /** -1 where the broker's kind of group is newer than this client. */
  readonly members: number;
}

/** A topic as the cluster would create it. */
export interface ValidatedTopic {
  readonly name: string;
  /** Why the cluster would not create it: a policy, a config, a right that is missing. */
  readonly error: KopsError | null;
  /** What the topic would have, defaults included; empty where the cluster does not tell. */
  readonly configs: readonly TopicConfigEntry[];
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Brokers of each partition's replicas, in order of partitions, the preferred leader first; `partitions` and `replicationFactor` are not read then. */
  readonly assignments?: readonly (readonly number[])[];
  readonly configs: Readonly<Record<string, string>>;
}

/** How partitions are asked that may be out of order. */
export interface ListOffsetsOptions {
  readonly onFault: (partition: TopicPartition, error: KopsError) => void;
  /** How long one is asked again while its failure is temporary, in ms. */
  readonly deadlineMs: number;
}

export interface OffsetForLeaderEpoch {
  /** The largest epoch at or below the one asked for; -1 undefined. */
  readonly leaderEpoch: number;
  /** Where that epoch ends; -1 undefined, which means unknown and not truncated. */
  readonly endOffset: Offset;
}

/**
 * A connected Kafka client that moves raw batches.
 *
 * Every call finds the right broker (leader, coordinator, controller), follows leader moves, opens dropped connections anew and
 * tries again with backoff until `retryDeadlineMs`; then it throws. Errors of all calls:
 * KOPS_KAFKA_UNREACHABLE, KOPS_ACCESS_DENIED (authentication or authorization, saying which right on what), KOPS_TOPIC_NOT_FOUND,
 * KOPS_KAFKA_PROTOCOL (any other error code, by its Kafka name), KOPS_INTERRUPTED.
 */
export interface KafkaClient extends AsyncDisposable {
  describeCluster(): Promise<ClusterDescription>;

  /**
   * Asks for a sign of life, once: the first answer of up to three brokers counts.
   * @throws KOPS_KAFKA_UNREACHABLE when none has answered in time, naming each and why
   */
  probe(options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<void>;

  /** API versions of a broker, as `Fetch` → [min, max] by api key; for `doctor`. */
  apiVersions(): Promise<ReadonlyMap<number, { readonly min: number; readonly max: number }>>;

  /** All topics, or those named. @throws KOPS_TOPIC_NOT_FOUND for a named topic that does not exist. */
  topics(names?: readonly string[]): Promise<TopicMetadata[]>;

  /** Configs of topics, defaults included. */
  topicConfigs(names: readonly string[]): Promise<ReadonlyMap<string, readonly TopicConfigEntry[]>>;

  /**
   * One offset per partition, in the order asked. -1 for a time after the last record.
   * With `onFault` a partition that cannot be asked fails for itself: it is reported, and its offset is -1. Where none can be asked, that is thrown.
   */
  listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    options?: ListOffsetsOptions,
  ): Promise<Offset[]>;

  offsetForLeaderEpoch(partition: TopicPartition, epoch: number): Promise<OffsetForLeaderEpoch>;

  /** One raw fetch of one partition, isolation read_uncommitted unless asked otherwise. */
  fetch(request: FetchRequest): Promise<FetchResult>;

  /** An id of our own for idempotent produce, or for the given transactional id. */
  initProducerId(transactionalId?: string): Promise<ProducerIdentity>;

  /** Appends one batch, acks=all. Requests of one partition are sent in the order of the calls; at most 5 may be under way. */
  produce(request: ProduceRequest): Promise<ProduceResult>;

  /**
   * A lane for many batches of one partition, acks=all. What is pushed to all lanes of a broker goes over one connection, one batch of
   * each lane in a request, several requests under way behind each other.
   */
  openProduceLane(options: ProduceLaneOptions): Promise<ProduceLane>;

  /** Whether the cluster would create these topics, by name: creates nothing. Asks for the right CREATE. */
  validateTopics(topics: readonly NewTopic[]): Promise<ReadonlyMap<string, ValidatedTopic>>;

  /** @throws KOPS_REFUSED when a topic exists; KOPS_CONFIG when the broker refuses a config, naming it. */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  deleteTopics(names: readonly string[]): Promise<void>;
  /** Sets (a string) or removes (null) topic configs, leaving the others as they are (IncrementalAlterConfigs); with `validateOnly` only checks that it would. */
  alterTopicConfigs(
    topic: string,
    configs: Readonly<Record<string, string | null>>,
    options?: { readonly validateOnly?: boolean },
  ): Promise<void>;

  /** Groups that commit offsets (classic, consumer, streams), by name; not share groups. */
  listGroups(): Promise<GroupDescription[]>;
  /** What a group committed, over all topics, by topic and partition; empty for a group that does not exist. */
  committedOffsets(
    group: string,
    options?: { readonly deadlineMs: number },
  ): Promise<CommittedOffset[]>;
  /** Commits from outside the group (generation -1, member ""), with metadata. The group must be empty. @throws KOPS_REFUSED when it is not. */
  commitOffsets(group: string, offsets: readonly CommittedOffset[]): Promise<void>;
  deleteGroups(groups: readonly string[]): Promise<void>;
}
