import type { Coordinates, ErrorCode, KopsError, Offset } from '@kops/core';
import type { ChosenRecords, OffsetRange } from './chosen-records.ts';

/** Which offsets the restored records should have. `auto` takes exact ones where produce can give them. */
export type OffsetPolicy = 'auto' | 'exact' | 'mapped';

/** What offsets a partition gets: those of the source, or others that an OffsetMapping translates. */
export type OffsetStrategy = 'exact' | 'mapped';

/** How records get into the target. Further methods are further members. */
export type RestoreMethod = 'produce';

/** A half-open window of record timestamps in ms since the epoch; an absent bound is open. */
export interface TimeWindow {
  readonly from?: bigint;
  readonly to?: bigint;
}

/** What is to be restored, and how. */
export interface RestoreOptions {
  /** Names and globs of source topics; empty or absent means all that are not internal. */
  readonly topics?: readonly string[];
  readonly exclude?: readonly string[];
  /** Target names by source names. A name on the left that is not restored is an error. */
  readonly renames?: Readonly<Record<string, string>>;
  /** Restores only records whose timestamp lies in the window. Offsets are then always mapped. */
  readonly window?: TimeWindow;
  /** Restores these records and no others. Offsets are then always mapped, and no groups are set. */
  readonly records?: ChosenRecords;
  /** Default `auto`. */
  readonly offsets?: OffsetPolicy;
  /** Globs of consumer groups whose offsets are set, or `none`. Default: all. */
  readonly groups?: readonly string[] | 'none';
  /** Leaves retention.ms and retention.bytes off after the restore, so that old records stay. */
  readonly holdRetention?: boolean;
  /** In place of the smaller of the source's factor and the target's brokers. */
  readonly replicationFactor?: number;
  /** Target topics may have records already: those of an earlier run of the same plan, which the executor checks. */
  readonly resume?: boolean;
}

/** A topic of the target cluster. */
export interface TargetTopic {
  readonly name: string;
  readonly partitions: number;
  /** Sum of log end minus log start over its partitions; 0 means that no record is there. */
  readonly offsetsInUse: bigint;
  /** Largest log end of its partitions. */
  readonly maxLogEnd: Offset;
}

/** Configs of a topic that the target refuses, by name, with its reason. */
export interface ForbiddenConfigs {
  /** In the value they have while the topic is filled. */
  readonly fill: ReadonlyMap<string, string>;
  /** In the value they have in the end. */
  readonly final: ReadonlyMap<string, string>;
  /** Why the topic itself is refused, whatever its configs; null where it is not. */
  readonly topic: KopsError | null;
}

/** Facts about the target cluster; {@link inspectTarget} gathers them. */
export interface TargetFacts {
  readonly clusterId: string;
  readonly brokers: number;
  /** Topics that have the name of a topic to restore. */
  readonly topics: readonly TargetTopic[];
  readonly groups: readonly { readonly group: string; readonly state: string }[];
  /** Topic configs the brokers know; null where that could not be found out. */
  readonly knownConfigs: readonly string[] | null;
  /** What a topic has without configs of its own, by config; null where that could not be found out. */
  readonly defaults: ReadonlyMap<string, string | null> | null;
  /** What the target does not allow, by target topic; topics of which it allows all are not in it. */
  readonly forbidden?: ReadonlyMap<string, ForbiddenConfigs>;
}

/** What the offsets of a partition hold, where the manifest does not tell. */
export interface PartitionContents {
  /** Transaction markers and other batches that no consumer sees. */
  readonly controlBatches: number;
  /** Offsets in [log start, cut) that the log itself lacks. */
  readonly holes: bigint;
}

/** What the manifest does not tell about the selected topics; {@link inspectContents} finds it out. */
export interface ArchiveContents {
  /** Whether at least one record would be restored. */
  readonly hasRecords: boolean;
  /** By {@link contentsKey}; only where the manifest alone leaves it open whether offsets can be exact. */
  readonly partitions: ReadonlyMap<string, PartitionContents>;
  /** Records in the time window, by {@link contentsKey}; only where they were asked for. */
  readonly inWindow?: ReadonlyMap<string, number>;
}

/** A partition to fill. */
export interface PlannedPartition {
  readonly partition: number;
  /** Source offsets [sourceStart, sourceEnd): log start and cut of the archive. */
  readonly sourceStart: Offset;
  readonly sourceEnd: Offset;
  /** The records that are restored of it, if single ones were chosen; else all. */
  readonly chosen?: readonly OffsetRange[];
  /** What will be, if the plan was made with {@link ArchiveContents}; else what the manifest lets expect. */
  readonly strategy: OffsetStrategy;
  /** Why offsets must be mapped; empty for exact. */
  readonly reasons: readonly string[];
  /** Null where the archive does not know, or a time window was not looked into. Control records are counted, though they are not restored. */
  readonly records: number | null;
  /** Record batch bytes in the archive. */
  readonly bytes: number;
}

/** A topic config that the target will not have, and why. */
export interface UnrestorableConfig {
  readonly name: string;
  readonly reason: string;
}

/** A topic config that the target gets though the source did not set it, or in another value. */
export interface AdaptedConfig {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
}

/** A topic to create (or to use, if it is there and empty) and to fill. */
export interface PlannedTopic {
  readonly source: string;
  readonly target: string;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly sourceReplicationFactor: number;
  /** Whether the target had a topic of this name when the plan was made. */
  readonly exists: boolean;
  /** Configs while records are written. */
  readonly fillConfigs: Readonly<Record<string, string>>;
  /** Configs at the end; null removes what only the filling needed. */
  readonly finalConfigs: Readonly<Record<string, string | null>>;
  /** With `holdRetention`: what retention.ms and retention.bytes would be else; null for the target's default. */
  readonly heldConfigs: Readonly<Record<string, string | null>>;
  readonly unrestorableConfigs: readonly UnrestorableConfig[];
  readonly adaptedConfigs: readonly AdaptedConfig[];
  readonly partitions: readonly PlannedPartition[];
}

/** An offset of a group, as the source had it. */
export interface PlannedGroupOffset {
  readonly source: string;
  readonly target: string;
  readonly partition: number;
  readonly sourceOffset: Offset;
  readonly metadata: string | null;
}

/** A consumer group whose offsets will be set. */
export interface PlannedGroup {
  readonly group: string;
  readonly offsets: readonly PlannedGroupOffset[];
}

/** Why a plan must not be executed. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly at: Coordinates;
  readonly hint: string;
}

/** Everything a restore will do, as a value. */
export interface RestorePlan {
  readonly archive: string;
  readonly sourceCluster: string;
  readonly targetCluster: string;
  readonly method: RestoreMethod;
  readonly offsets: OffsetPolicy;
  readonly window: TimeWindow | null;
  readonly holdRetention: boolean;
  readonly resume: boolean;
  readonly topics: readonly PlannedTopic[];
  readonly groups: readonly PlannedGroup[];
  readonly warnings: readonly string[];
  /** What the archive has (or Kafka had) and the target will not get. */
  readonly cannotRestore: readonly string[];
  /** Empty when the plan may be executed. */
  readonly refusals: readonly Refusal[];
  /**
   * SHA-256 of what is to be done, as 64 hex digits. What was found on the target (existing topics, brokers that are up)
   * is not part of it, so that a resumed restore has the digest of its first run.
   */
  readonly digest: string;
}
