import type { KafkaClient } from '@kops/kafka';
import type { KafkaCluster } from '@kops/kafka-dist';
import type { BenchOptions } from './options.ts';
import type { ProcessUse } from './process-tree.ts';

/** The names of the topics, which say what is in them. */
export type WorkloadName = 'plain' | 'json' | 'small' | 'catalog';

/** Those that Kafka's own producer fills. */
export type FilledByProducer = Exclude<WorkloadName, 'small'>;

/** A filled topic. */
export interface Workload {
  readonly name: WorkloadName;
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
  /** Bytes of the batches in the broker's log, all partitions together. */
  readonly logBytes: number;
  /** Bytes of the record values. */
  readonly valueBytes: number;
}

/** All that a subject needs. */
export interface Bench {
  readonly kafka: KafkaCluster;
  readonly client: KafkaClient;
  readonly options: BenchOptions;
  /** Everything that is written lies below; deleted at the end. */
  readonly folder: string;
  /** How long one subject may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** URL of an Elasticsearch, which is started when it is asked for first. */
  readonly elasticsearch: () => Promise<string>;
  /** For every command that is run. */
  readonly env: NodeJS.ProcessEnv;
}

/** One round of one workload. */
export interface Round {
  readonly bench: Bench;
  readonly workload: Workload;
  readonly number: number;
  /** The repository of this round: made by the subject `backup`, read by those after it. */
  readonly repository: string;
}

/** What a subject took in one round. */
export interface Outcome {
  /** Of the work, in seconds: the whole process for commands of kops, the tool's own figure for Kafka's tools, the loop alone for stages. */
  readonly seconds: number;
  /** From the start of the process to its end, in seconds. */
  readonly wallSeconds: number;
  /** User and system time of all its processes, in seconds. */
  readonly cpuSeconds: number;
  readonly processes: readonly ProcessUse[];
}

/** Something that is measured. */
export interface Subject {
  readonly name: string;
  readonly workloads: readonly WorkloadName[];
  /** Names of subjects that must have run in the same round. */
  readonly needs?: readonly string[];
  /** Whether it writes as much as the workload has. */
  readonly writes?: boolean;
  /** What must be done before and is no part of it. */
  readonly prepare?: (round: Round) => Promise<void>;
  readonly run: (round: Round) => Promise<Outcome>;
}

/** One line of the result. */
export interface Measurement extends Outcome {
  readonly workload: WorkloadName;
  readonly subject: string;
  readonly round: number;
  readonly logBytes: number;
  readonly valueBytes: number;
  /** User and system time of the broker meanwhile, in seconds. */
  readonly brokerCpuSeconds: number;
}

/** Bytes of the log per second of work, in units of 10^6. */
export function megabytesPerSecond({
  logBytes,
  seconds,
}: Pick<Measurement, 'logBytes' | 'seconds'>): number {
  return logBytes / seconds / 1e6;
}
