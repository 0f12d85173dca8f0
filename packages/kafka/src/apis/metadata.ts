/** A Metadata request, whichever the version. */
export interface MetadataRequest {
  /** Null asks for all topics, an empty list for none. */
  readonly topics: readonly string[] | null;
}

/** A broker as the cluster advertises it. */
export interface BrokerEntry {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** A partition as the answering broker sees it. */
export interface PartitionEntry {
  readonly errorCode: number;
  readonly partition: number;
  /** -1 while there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** A topic as the answering broker sees it. */
export interface TopicEntry {
  readonly errorCode: number;
  readonly name: string;
  /** All zero where the broker has none. */
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionEntry[];
}

/** A Metadata response, whichever the version. */
export interface MetadataResponse {
  readonly throttleMs: number;
  readonly brokers: readonly BrokerEntry[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly TopicEntry[];
}
