import type { Clock, Semaphore } from '@kops/core';
import type { BlockPool } from './batch-memory.ts';
import type { RestoreLimits, RestoreSource, RestoreTarget } from './execute-options.ts';
import type { SettleOptions } from './log-end.ts';
import type { MessageLimits } from './message-limits.ts';
import type { PlannedPartition, PlannedTopic, RestorePlan } from './plan.ts';
import type { ProgressMeter } from './progress-meter.ts';
import type { RestoreProducer } from './restore-producer.ts';
import type { StateKeeper } from './state-keeper.ts';

/** What all fillers of a run share. */
export interface FillContext {
  readonly archive: RestoreSource;
  readonly kafka: RestoreTarget;
  readonly plan: RestorePlan;
  readonly limits: RestoreLimits;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Bytes of large batches under way. */
  readonly budget: Semaphore;
  /** Memory of the others. */
  readonly blocks: BlockPool;
  readonly producer: RestoreProducer;
  readonly messageLimits: MessageLimits;
  readonly state: StateKeeper;
  readonly progress: ProgressMeter;
  /** Whether an earlier run may have filled part of the partitions. */
  readonly isResumed: boolean;
}

/** A partition to fill. */
export interface FillTask {
  readonly topic: PlannedTopic;
  readonly partition: PlannedPartition;
  readonly key: string;
  readonly topicId: string | undefined;
}

export const defaultLimits: RestoreLimits = {
  partitions: 16,
  bytes: 64 * 1024 * 1024,
  stableMs: 2_000,
  settleDeadlineMs: 60_000,
  checkpointMs: 2_000,
};

/** How a run waits for log ends. */
export function settleOptions({
  limits,
  clock,
  signal,
}: Pick<FillContext, 'limits' | 'clock' | 'signal'>): SettleOptions {
  return { stableMs: limits.stableMs, deadlineMs: limits.settleDeadlineMs, clock, signal };
}
