import type { Difference, PartitionComparison } from '@kops/verify';
import type { SandboxKind } from './drill-options.ts';

/** The Kafka that the archive was restored into. */
export interface SandboxReport {
  readonly kind: SandboxKind;
  /** Why this kind, and what it is made of. */
  readonly description: string;
  readonly clusterId: string;
  readonly brokers: number;
}

/** A topic that was restored and compared. */
export interface DrilledTopic {
  readonly source: string;
  readonly target: string;
  readonly partitions: readonly DrilledPartition[];
  readonly configs: number;
}

/** A partition that was compared: the counts of {@link PartitionComparison}. */
export type DrilledPartition = Omit<PartitionComparison, 'differences' | 'source' | 'target'> & {
  readonly partition: number;
  readonly strategy: 'exact' | 'mapped';
};

/** A promise, and what was measured. */
export interface ObjectiveResult {
  readonly name: 'rpo' | 'rto';
  readonly objectiveMs: number;
  readonly measuredMs: number;
  readonly isMet: boolean;
}

/** One deliberate damage of the self-test. */
export interface SelfTestCase {
  /** `changed`, `dropped`, `duplicated`, `swapped`, `group moved`, or `unchanged` for the control that has to be green. */
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  /** What was done, with offsets. */
  readonly description: string;
  /** Whether the comparison said what it had to say. */
  readonly passed: boolean;
  /** What the comparison said. */
  readonly said: readonly string[];
}

/** Parts of a drill, in ms. */
export interface DrillDurations {
  /** Until the sandbox answered. */
  readonly sandboxMs: number;
  readonly restoreMs: number;
  readonly compareMs: number;
  readonly selfTestMs: number;
  readonly totalMs: number;
}

/** What a drill found out. */
export interface DrillReport {
  readonly archive: string;
  readonly cluster: string;
  readonly repository: string;
  /** `differs`: 20; `incomplete`: 21; `objective-missed`: 22. */
  readonly status: 'ok' | 'differs' | 'incomplete' | 'objective-missed';
  readonly sandbox: SandboxReport;
  readonly startedAt: string;
  readonly topics: readonly DrilledTopic[];
  readonly records: number;
  readonly equalRecords: number;
  readonly groups: number;
  readonly groupOffsets: number;
  readonly configs: number;
  /** Errors, listed or not: records, group offsets and configs that differ. */
  readonly errors: number;
  readonly differences: readonly Difference[];
  /** What the archive says it lacks, what the restore could not do. */
  readonly losses: readonly string[];
  /** Known not to be restorable; no errors. */
  readonly notRestorable: readonly string[];
  /** True when the archive shows no record at all. */
  readonly isEmpty: boolean;
  /** From when the target answered until all records, groups and configs were restored, in ms. The sandbox's own start is not part of it. */
  readonly rtoMs: number;
  /** From the archive's cut (the start of its capture) until the drill: what a disaster then would have lost, in ms. */
  readonly rpoMs: number;
  /** Age of the newest record compared at the start of the drill, in ms; null without records. */
  readonly newestRecordAgeMs: number | null;
  readonly objectives: readonly ObjectiveResult[];
  /** Null unless asked for. */
  readonly selfTest: readonly SelfTestCase[] | null;
  readonly durations: DrillDurations;
}
