import { errorTable, errorToJson, type KopsError, type Offset } from '@kops/core';
import type { OffsetStrategy, RestoreMethod } from './plan.ts';
import { toJson } from './plan-json.ts';

/** What of a partition's source was left out, by reason; in records unless said otherwise. */
export interface LeftOut {
  /** Of aborted transactions. */
  readonly aborted: number;
  /** Of transactions without an end in the archive. */
  readonly open: number;
  readonly outsideWindow: number;
  /** Transaction markers. */
  readonly controlBatches: number;
}

/** A partition after its restore. */
export interface PartitionResult {
  readonly partition: number;
  readonly strategy: OffsetStrategy;
  readonly records: number;
  /** Batch bytes produced. */
  readonly bytes: number;
  readonly sourceStart: Offset;
  readonly sourceEnd: Offset;
  readonly targetStart: Offset;
  /** Log end of the target partition. */
  readonly targetEnd: Offset;
  readonly batches: number;
  /** Batches that could not be kept byte for byte (cut, holes, LogAppendTime, delete horizon). */
  readonly reencodedBatches: number;
  readonly leftOut: LeftOut;
  /** Where its OffsetMapping lies. */
  readonly mappingFile: string;
}

/** A topic after its restore. */
export interface TopicResult {
  readonly source: string;
  readonly target: string;
  /** False when it was there, empty. */
  readonly created: boolean;
  readonly partitions: readonly PartitionResult[];
}

/** An offset of a group after the restore. */
export interface GroupOffsetResult {
  readonly topic: string;
  readonly partition: number;
  readonly sourceOffset: Offset;
  readonly targetOffset: Offset;
  /** `end`: the source offset lay beyond the archive's cut; `start`: below its log start. */
  readonly clamped: 'start' | 'end' | null;
}

/** A group after the restore. */
export interface GroupResult {
  readonly group: string;
  readonly status: 'set' | 'refused';
  readonly offsets: readonly GroupOffsetResult[];
  /** Why it was refused. */
  readonly error: KopsError | null;
}

/** A config that the target did not take. */
export interface RefusedConfig {
  readonly topic: string;
  readonly name: string;
  readonly value: string | null;
  readonly reason: string;
}

/** How long the parts took, in ms. */
export interface RestoreDurations {
  readonly prepareMs: number;
  readonly fillMs: number;
  readonly groupsMs: number;
  readonly configsMs: number;
  readonly totalMs: number;
}

/** What a restore did. */
export interface RestoreResult {
  readonly archive: string;
  readonly targetCluster: string;
  readonly planDigest: string;
  readonly method: RestoreMethod;
  readonly resumed: boolean;
  readonly status: 'complete' | 'incomplete';
  /** Why it is incomplete: exit code 21. */
  readonly incomplete: readonly string[];
  readonly topics: readonly TopicResult[];
  readonly groups: readonly GroupResult[];
  readonly refusedConfigs: readonly RefusedConfig[];
  readonly warnings: readonly string[];
  readonly records: number;
  readonly bytes: number;
  readonly durations: RestoreDurations;
  readonly statePath: string;
}

/** Plain JSON of a result; offsets are decimal strings, errors as by `errorToJson`. */
export function restoreResultToJson(result: RestoreResult): Record<string, unknown> {
  const groups = result.groups.map((group) => ({
    ...group,
    error: group.error === null ? null : errorToJson(group.error),
  }));
  return toJson({ ...result, groups }) as Record<string, unknown>;
}

/** Exit code of a finished restore: 0, or 21 when something could not be restored. */
export function restoreExitCode(result: RestoreResult): number {
  return result.status === 'complete' ? 0 : errorTable.KOPS_INCOMPLETE.exit;
}
