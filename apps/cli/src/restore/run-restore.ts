import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KopsError, toKopsError } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
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
import { choiceOf, type RestoreRequest } from './restore-request.ts';
import {
  restoresFolder,
  resumeCommand,
  statePathOf,
  writeRun,
  type RestoreRun,
  type StoredRun,
} from './restore-runs.ts';

/** What to restore, where to. */
export interface RestoreWork {
  readonly archive: Archive;
  readonly kafka: KafkaClient;
  readonly options: RestoreOptions;
  readonly request: RestoreRequest;
  /** The run that is continued; undefined for a new one. */
  readonly resumed: StoredRun | undefined;
  /** What another run needs besides. */
  readonly surroundings: Pick<RestoreRun, 'bootstrapServer' | 'config' | 'reportDir'> & {
    /** A directory or URL that means the same from anywhere. */
    readonly repository: string;
  };
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
 * @throws KOPS_REFUSED when the target must not be written to; KOPS_RECORDS_NOT_FOUND when no record lies in the window; what stops an execution, with the command that continues it
 */
export async function runRestore(
  work: RestoreWork,
  observer: RestoreObserver,
): Promise<RestoreOutcome> {
  const { archive, kafka, options, signal, surroundings } = work;
  const target = await inspectTarget(kafka, archive.manifest, options);
  const contents = await inspectContents(archive, options, {
    signal,
    // A restore counts them as it goes.
    countsWindow: work.dryRun,
  });
  const plan = planRestore(archive.manifest, target, options, contents);
  observer.onPlan(plan);
  if (work.dryRun) return { plan, result: null, report: null };
  assertExecutable(plan);
  const stored = work.resumed ?? newRun(work, plan);
  // Before the first topic is created: whatever ends this run, the next one finds it. A state there may be is of a run before.
  if (work.resumed === undefined) await rm(statePathOf(stored), { force: true });
  await writeRun(stored);
  try {
    const result = await executeRestore({
      archive,
      kafka,
      plan,
      statePath: statePathOf(stored),
      onProgress: observer.onProgress,
      signal,
    });
    const report = await writeReport(
      reportPath(stored, surroundings.reportDir),
      `${toJson({ plan: restorePlanToJson(plan), result: restoreResultToJson(result) })}\n`,
    );
    const finishedAt = stored.run.finishedAt ?? new Date().toISOString();
    await writeRun({ ...stored, run: { ...stored.run, finishedAt } });
    return { plan, result, report };
  } catch (thrown) {
    throw withWayOn(toKopsError(thrown), stored);
  }
}

function newRun(work: RestoreWork, plan: RestorePlan): StoredRun {
  const { archive, request, surroundings } = work;
  const { repository: location, bootstrapServer, config, reportDir } = surroundings;
  return {
    folder: join(restoresFolder(), plan.digest.slice(0, 16)),
    run: {
      version: 1,
      archive: plan.archive,
      repository: { id: archive.repository.info.id, location },
      targetCluster: plan.targetCluster,
      bootstrapServer,
      config,
      reportDir,
      request,
      choice: choiceOf(plan),
      startedAt: new Date().toISOString(),
      finishedAt: null,
    },
  };
}

function reportPath({ folder }: StoredRun, reportDir: string | null): string {
  return reportDir === null
    ? join(folder, 'report.json')
    : resolve(reportDir, `restore-${folder.slice(-16)}`, 'report.json');
}

/** What stopped by an accident is continued by a second run. */
function withWayOn(error: KopsError, { run, folder }: StoredRun): KopsError {
  const isInterrupted = error.code === 'KOPS_INTERRUPTED';
  if (!error.retryable && !isInterrupted && error.code !== 'KOPS_NO_SPACE') return error;
  const first = error.hint === undefined || isInterrupted ? '' : `${error.hint} `;
  return new KopsError(error.code, error.message, {
    at: error.at,
    hint: `${first}Restored records are kept (state in ${folder}). Resume with:\n${resumeCommand(run)}`,
    cause: error,
  });
}
