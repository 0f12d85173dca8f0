import { mapLimit, toKopsError } from '@kops/core';
import { buildResult } from './build-result.ts';
import type { ExecuteOptions } from './execute-options.ts';
import { settleOptions, type FillContext, type FillTask } from './fill-context.ts';
import { fillPartition } from './fill-partition.ts';
import { finishTopics } from './finish-topics.ts';
import { settleLogEnds } from './log-end.ts';
import { prepareTopics } from './prepare-topics.ts';
import { assertExecutable } from './refusals.ts';
import { requireExact } from './require-exact.ts';
import { restoreGroups } from './restore-groups.ts';
import { checkParties, fillTasks, openRun } from './restore-run.ts';
import { firstCheckpoint } from './restore-state.ts';
import type { RestoreResult } from './result.ts';

/**
 * Executes a plan: creates the topics, fills all partitions, sets group offsets, and the topics' own configs last.
 *
 * Records keep order, key, value, headers and timestamps; batches keep their bytes but for the producer's fields. Every
 * response's base offset is checked. Killed at any instruction, the same plan continues with `resume` and nothing is lost or
 * doubled. Memory is bounded by `limits.bytes`, and a batch and a piece of the store per partition at work.
 *
 * @throws KOPS_REFUSED when the plan must not be executed, target topics have records of another origin, or the state is of
 *   another plan; KOPS_OFFSET_MISMATCH when records landed elsewhere than computed (the topic must be deleted then);
 *   KOPS_HELD when somebody else writes; KOPS_INTERRUPTED, and the errors of KafkaClient and Archive.
 */
export async function executeRestore(options: ExecuteOptions): Promise<RestoreResult> {
  assertExecutable(options.plan);
  // A failure of one partition stops the others at once.
  const stop = new AbortController();
  const signal =
    options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  try {
    return await runPhases(await openRun(options, signal), stop);
  } catch (thrown) {
    throw toKopsError(thrown);
  }
}

async function runPhases(context: FillContext, stop: AbortController): Promise<RestoreResult> {
  const { clock, progress, kafka, plan, state } = context;
  const started = clock.monotonic();
  progress.enter('prepare');
  await prepare(context);
  const prepared = clock.monotonic();
  progress.enter('fill');
  await fill(context, stop);
  const filled = clock.monotonic();
  progress.enter('groups');
  const groups = await restoreGroups(kafka, plan, state);
  const grouped = clock.monotonic();
  progress.enter('configs');
  const refusedConfigs = await finishTopics(kafka, plan.topics, state);
  const ended = clock.monotonic();
  progress.enter('done');
  const durations = {
    prepareMs: prepared - started,
    fillMs: filled - prepared,
    groupsMs: grouped - filled,
    configsMs: ended - grouped,
    totalMs: ended - started,
  };
  return buildResult(context, { groups, refusedConfigs, durations });
}

async function prepare(context: FillContext): Promise<void> {
  const { archive, kafka, plan, state, clock, signal, limits } = context;
  await checkParties(context);
  if (plan.offsets === 'exact')
    await requireExact(archive, plan, { parallel: limits.partitions, signal });
  // Before the first topic: else a killed run would leave topics that no state knows of.
  await state.save();
  await prepareTopics({
    kafka,
    topics: plan.topics,
    state,
    clock,
    deadlineMs: limits.settleDeadlineMs,
    signal,
  });
}

async function fill(context: FillContext, stop: AbortController): Promise<void> {
  const { kafka, state, limits } = context;
  const [done, tasks] = partitionTasks(context);
  for (const task of done)
    context.progress.partitionDone(placeOf(task), state.state.partitions.get(task.key)?.counters);
  if (context.isResumed) await settleLogEnds(kafka, tasks.map(placeOf), settleOptions(context));
  await mapLimit(tasks, limits.partitions, async (task) => {
    const start =
      state.state.partitions.get(task.key) ?? firstCheckpoint(task.partition.sourceStart);
    try {
      state.setPartition(task.key, await fillPartition(context, task, start));
      context.progress.partitionDone(placeOf(task));
      await state.saveIfDue();
    } catch (thrown) {
      stop.abort(thrown);
      throw thrown;
    }
  });
  await state.save();
}

/** Those that an earlier run filled, and those to fill. */
function partitionTasks(context: FillContext): [done: FillTask[], tasks: FillTask[]] {
  const { partitions } = context.state.state;
  const { done = [], open = [] } = Object.groupBy(fillTasks(context), ({ key }) =>
    partitions.get(key)?.filled === true ? 'done' : 'open',
  );
  return [done, open];
}

function placeOf({ topic, partition }: FillTask): { topic: string; partition: number } {
  return { topic: topic.target, partition: partition.partition };
}
