import { join, resolve } from 'node:path';
import { KopsError, toKopsError } from '@kops/core';
import { connectKafka, type KafkaOptions } from '@kops/kafka';
import type { Archive } from '@kops/repository';
import {
  assertExecutable,
  executeRestore,
  inspectContents,
  inspectTarget,
  planRestore,
  restorePlanToJson,
  restoreResultToJson,
  type RestoreOptions,
  type RestorePlan,
  type RestoreProgress,
  type RestoreResult,
} from '@kops/restore';
import { toJson } from '../output/json.ts';
import { writeReport } from '../reports/write-report.ts';

/** What to restore, where to. */
export interface RestoreRequest {
  readonly archive: Archive;
  readonly kafka: KafkaOptions;
  readonly options: RestoreOptions;
  /** States, offset mappings and reports lie in a folder per plan below it. */
  readonly reportDir: string;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Who looks on. */
export interface RestoreObserver {
  readonly onPlan: (plan: RestorePlan) => void;
  readonly onProgress: (progress: RestoreProgress) => void;
}

/** A plan, and what came of it. */
export interface RestoreOutcome {
  readonly plan: RestorePlan;
  /** Null for a dry run. */
  readonly result: RestoreResult | null;
  /** Absolute path of the report; null for a dry run. */
  readonly report: string | null;
}

/**
 * Plans a restore, and executes the plan unless it is a dry run.
 * @throws KOPS_REFUSED when the target must not be written to; KOPS_RECORDS_NOT_FOUND when no record lies in the window; what stops an execution, with the way to go on
 */
export async function runRestore(
  request: RestoreRequest,
  observer: RestoreObserver,
): Promise<RestoreOutcome> {
  const { archive, options, reportDir, signal } = request;
  await using kafka = await connectKafka(request.kafka);
  const target = await inspectTarget(kafka, archive.manifest, options);
  const contents = await inspectContents(archive, options, { signal });
  const plan = planRestore(archive.manifest, target, options, contents);
  observer.onPlan(plan);
  if (request.dryRun) return { plan, result: null, report: null };
  assertExecutable(plan);
  const folder = resolve(reportDir, `restore-${plan.digest.slice(0, 16)}`);
  try {
    const result = await executeRestore({
      archive,
      kafka,
      plan,
      statePath: join(folder, 'state.json'),
      onProgress: observer.onProgress,
      signal,
    });
    const report = await writeReport(
      join(folder, 'report.json'),
      `${toJson({ plan: restorePlanToJson(plan), result: restoreResultToJson(result) })}\n`,
    );
    return { plan, result, report };
  } catch (thrown) {
    throw withWayOn(toKopsError(thrown));
  }
}

/** What stopped by an accident is continued by a second run. */
function withWayOn(error: KopsError): KopsError {
  const isAccident =
    error.retryable || error.code === 'KOPS_INTERRUPTED' || error.code === 'KOPS_NO_SPACE';
  if (!isAccident) return error;
  return new KopsError(error.code, error.message, {
    at: error.at,
    hint: `${error.hint === undefined || error.code === 'KOPS_INTERRUPTED' ? '' : `${error.hint} `}Continue with the same command and --resume: what was restored is kept.`,
    cause: error,
  });
}
