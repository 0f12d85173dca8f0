import type { Clock, TopicPartition } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { Archive } from '@kops/repository';
import type { RestorePlan } from './plan.ts';

/** What a restore reads of an archive. */
export type RestoreSource = Pick<
  Archive,
  'manifest' | 'readBatches' | 'readRuns' | 'scanTransactions'
>;

/** What of Kafka a restore needs. */
export type RestoreTarget = Pick<
  KafkaClient,
  | 'describeCluster'
  | 'topics'
  | 'topicConfigs'
  | 'listOffsets'
  | 'fetch'
  | 'initProducerId'
  | 'openProduceLane'
  | 'offsetForLeaderEpoch'
  | 'createTopics'
  | 'validateTopics'
  | 'alterTopicConfigs'
  | 'listGroups'
  | 'commitOffsets'
>;

/** How far a restore is. */
export interface RestoreProgress {
  readonly phase: 'prepare' | 'fill' | 'groups' | 'configs' | 'done';
  /** The partition that moved, in the phase `fill`. */
  readonly at: TopicPartition | null;
  readonly partitionsDone: number;
  readonly partitions: number;
  /** Records and bytes on the target so far, of earlier runs too. */
  readonly records: number;
  readonly bytes: number;
  /** Batch bytes of the plan. */
  readonly totalBytes: number;
}

/** What may be tuned; the defaults suit one broker as well as many. */
export interface RestoreLimits {
  /** Partitions that are filled at a time. Default 16. */
  readonly partitions: number;
  /**
   * Batch bytes read and not confirmed, over all partitions. Default 64 MiB, of which each partition takes at most 1 MiB. As much again for batches
   * of more than 1 MiB; one that is larger than this limit goes alone.
   */
  readonly bytes: number;
  /** How long the log end must not move before a resume trusts it, in ms. Default 2,000. */
  readonly stableMs: number;
  /** Longest wait for a stable log end, a config to show, or a partition to go on that cannot be written to, in ms. Default 60,000. */
  readonly settleDeadlineMs: number;
  /** Between two writes of the state, in ms. Default 2,000. */
  readonly checkpointMs: number;
}

/** What {@link executeRestore} needs. */
export interface ExecuteOptions {
  readonly archive: RestoreSource;
  readonly kafka: RestoreTarget;
  readonly plan: RestorePlan;
  /** File of the state, one for each plan; mappings lie in a folder beside it. */
  readonly statePath: string;
  /** Continues an earlier run of the same plan. Default: as the plan says. */
  readonly resume?: boolean;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<RestoreLimits>;
  readonly clock?: Clock;
}
