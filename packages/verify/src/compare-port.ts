import type { Clock, Offset, TopicPartition } from '@kops/core';
import type { GroupManifest, TopicManifest } from '@kops/archive-format';
import type { KafkaClient } from '@kops/kafka';
import type { Archive } from '@kops/repository';
import type { Severity } from './finding.ts';

/** What differs. `diverged`: so much, that no record was found again within the window. */
export type DifferenceKind =
  | 'changed'
  | 'missing'
  | 'extra'
  | 'duplicated'
  | 'swapped'
  | 'offset'
  | 'diverged'
  | 'group'
  | 'config'
  | 'partitions'
  | 'unreadable';

/** A place in a partition; the offset is null where it is no single record. */
export interface Place extends TopicPartition {
  readonly offset: Offset | null;
}

/** One difference between what the archive shows and what the target holds. */
export interface Difference {
  /** `info` for what is known not to be restorable. */
  readonly severity: Exclude<Severity, 'loss'>;
  readonly kind: DifferenceKind;
  /** In the archive, by the source's names and offsets; null for what the archive does not have. */
  readonly source: Place | null;
  /** On the target; null for what it does not have. */
  readonly target: Place | null;
  /** Consumer group, for the kind `group`. */
  readonly group: string | null;
  /** Which fields differ: key, value, headers, timestamp, timestampType; or the names of configs. */
  readonly fields: readonly string[];
  /** Records it is about. */
  readonly count: number;
  /** What and where in one sentence, with short previews. */
  readonly message: string;
}

/** What comparisons read of an archive. */
export type ComparisonSource = Pick<
  Archive,
  'manifest' | 'partition' | 'readRuns' | 'scanTransactions'
>;

/** What comparisons ask of a target. */
export type ComparisonTarget = Pick<
  KafkaClient,
  'fetch' | 'listOffsets' | 'topics' | 'topicConfigs' | 'committedOffsets'
>;

/** The target offset where the record at a source offset should be, or, at holes, the next record after it. */
export type OffsetTranslation = (sourceOffset: Offset) => Offset;

/** How a partition is compared. */
export interface ComparePartitionOptions {
  readonly archive: ComparisonSource;
  readonly kafka: ComparisonTarget;
  readonly source: TopicPartition;
  readonly target: TopicPartition;
  readonly translate: OffsetTranslation;
  /** How far to look for a record that is not where it should be, in records. Default 64. */
  readonly windowRecords?: number;
  /** Differences kept; all are counted. Default 1,000. */
  readonly maxDifferences?: number;
  /** Called now and then with the records compared so far. */
  readonly onProgress?: (records: number) => void;
  readonly signal?: AbortSignal;
}

/** Outcome of comparing one partition. */
export interface PartitionComparison {
  readonly source: TopicPartition;
  readonly target: TopicPartition;
  /** Records that the archive shows to a read_committed consumer. */
  readonly sourceRecords: number;
  readonly targetRecords: number;
  /** Pairs of records that are equal in all fields, offset included. */
  readonly equalRecords: number;
  /** Key, value and header bytes of the source's records. */
  readonly bytes: number;
  /** Largest record timestamp in ms; null without records. */
  readonly maxTimestamp: bigint | null;
  /** Records of LogAppendTime that became CreateTime with the same timestamp, which is all that produce can keep. */
  readonly timestampTypesNotKept: number;
  /** All errors, listed or not, in records. */
  readonly differingRecords: number;
  readonly differences: readonly Difference[];
}

/** One partition's place on the target, for groups. */
export interface ComparedPartition {
  readonly source: TopicPartition;
  readonly target: TopicPartition;
  readonly translate: OffsetTranslation;
}

/** How the consumer groups are compared. */
export interface CompareGroupsOptions {
  readonly archive: ComparisonSource;
  readonly kafka: ComparisonTarget;
  readonly partitions: readonly ComparedPartition[];
  /** Groups of the manifest to compare. Default: all. Offsets of partitions that are not given are left out. */
  readonly groups?: readonly GroupManifest[];
  /** Name of a group on the target. Default: the same. */
  readonly targetGroup?: (group: string) => string;
  readonly signal?: AbortSignal;
}

/** Outcome of comparing groups. */
export interface GroupsComparison {
  readonly groups: number;
  readonly offsets: number;
  readonly differences: readonly Difference[];
}

/** How a topic's configs are compared. */
export interface CompareConfigsOptions {
  readonly topic: TopicManifest;
  readonly target: string;
  readonly kafka: ComparisonTarget;
  /** Known not to be restorable, and why. */
  readonly unrestorable: readonly { readonly name: string; readonly reason: string }[];
  /** Configs that the target was given on purpose in another value, or though they were not set. */
  readonly adapted?: readonly {
    readonly name: string;
    readonly value: string;
    readonly reason: string;
  }[];
  /** How long to wait until all brokers show what was set, in ms. Default 10,000. */
  readonly settleMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Outcome of comparing the configs of a topic. */
export interface ConfigsComparison {
  readonly topic: string;
  readonly target: string;
  /** Configs that were compared one by one. */
  readonly configs: number;
  readonly differences: readonly Difference[];
}
