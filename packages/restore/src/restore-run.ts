import { KopsError, Semaphore, systemClock, throwIfAborted } from '@kops/core';
import { BlockPool } from './batch-memory.ts';
import type { ExecuteOptions } from './execute-options.ts';
import { defaultLimits, type FillContext, type FillTask } from './fill-context.ts';
import { MessageLimits } from './message-limits.ts';
import { ProgressMeter } from './progress-meter.ts';
import { RestoreProducer } from './restore-producer.ts';
import { emptyState, loadState, partitionKey } from './restore-state.ts';
import { StateKeeper } from './state-keeper.ts';

/** Puts together what the parts of a run share. @throws KOPS_REFUSED, KOPS_OBJECT_CORRUPT of the state; KOPS_USAGE */
export async function openRun(options: ExecuteOptions, signal: AbortSignal): Promise<FillContext> {
  const { archive, kafka, plan } = options;
  const clock = options.clock ?? systemClock;
  const limits = { ...defaultLimits, ...options.limits };
  const isResumed = options.resume ?? plan.resume;
  const { statePath: path } = options;
  const state = isResumed ? await loadState(path, plan) : emptyState(plan.digest);
  const partitions = plan.topics.flatMap((topic) => topic.partitions);
  const totals = {
    partitions: partitions.length,
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  return {
    archive,
    kafka,
    plan,
    limits,
    clock,
    signal,
    isResumed,
    budget: new Semaphore(limits.bytes),
    blocks: new BlockPool(),
    producer: new RestoreProducer(kafka),
    messageLimits: new MessageLimits({ kafka, clock, deadlineMs: limits.settleDeadlineMs, signal }),
    state: new StateKeeper(path, state, { clock, intervalMs: limits.checkpointMs }),
    progress: new ProgressMeter(options.onProgress, totals, clock),
  };
}

/** Refuses another archive or cluster than the plan was made for. */
export async function checkParties({ archive, kafka, plan }: FillContext): Promise<void> {
  if (archive.manifest.archive !== plan.archive) {
    throw new KopsError(
      'KOPS_USAGE',
      `the plan is for archive ${plan.archive}, got ${archive.manifest.archive}`,
      {
        hint: 'Plan the restore again for this archive.',
      },
    );
  }
  const { clusterId } = await kafka.describeCluster();
  if (clusterId === plan.targetCluster) return;
  throw new KopsError(
    'KOPS_REFUSED',
    `the plan is for cluster ${plan.targetCluster}, connected to ${clusterId}`,
    {
      at: { archive: plan.archive },
      hint: 'Plan the restore again for this cluster.',
    },
  );
}

/** The partitions to fill, the largest first, so that no long one is left over at the end. */
export function fillTasks({ plan, state, signal }: FillContext): FillTask[] {
  throwIfAborted(signal);
  const tasks = plan.topics.flatMap((topic, index) =>
    topic.partitions.map((partition) => ({
      topic,
      partition,
      key: partitionKey(index, partition.partition),
      topicId: state.state.topics.get(topic.target)?.id ?? undefined,
    })),
  );
  return tasks.sort((a, b) => b.partition.bytes - a.partition.bytes);
}
