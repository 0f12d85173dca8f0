import { counted, KopsError } from '@kops/core';
import { differingFlags, type RestoreRequest } from './restore-request.ts';
import { resumeCommand, type StoredRun } from './restore-runs.ts';

/** What a resumption is asked for. */
export interface ResumeRequest {
  /** Archive id, its beginning, or `latest`, which may be another one by now and so means any. */
  readonly archive: string;
  readonly request: RestoreRequest;
  readonly targetCluster: string;
}

/**
 * The run to continue: the only unfinished one that the flags fit; where there is none, the last finished one, in which nothing is left to do.
 * @throws KOPS_REFUSED where there is none or flags say something else than its first run; KOPS_USAGE where there are several
 */
export function chooseRun(runs: readonly StoredRun[], asked: ResumeRequest): StoredRun {
  const { archive, request } = asked;
  const ofArchive =
    archive === 'latest' ? runs : runs.filter(({ run }) => isCalled(run.archive, archive));
  const unfinished = ofArchive.filter(({ run }) => run.finishedAt === null);
  const candidates = unfinished.length > 0 ? unfinished : ofArchive.slice(0, 1);
  const [first] = candidates;
  if (first === undefined) throw nothingToResume(asked, runs);
  const fitting = candidates.filter(({ run }) => differingFlags(run.request, request).length === 0);
  // A command that names the archive is one that was printed, and says all.
  const exact =
    archive === 'latest' ? [] : fitting.filter(({ run }) => isSame(run.request, request));
  const [chosen, ...others] = exact.length > 0 ? exact : fitting;
  if (chosen !== undefined && others.length === 0) return chosen;
  if (candidates.length === 1) throw otherFlags(first, request);
  throw severalRuns(candidates);
}

/** By its id, or by the beginning of the id or of its random part. */
function isCalled(id: string, name: string): boolean {
  return id.startsWith(name) || id.split('-').at(-1)?.startsWith(name) === true;
}

function isSame(first: RestoreRequest, given: RestoreRequest): boolean {
  return Object.keys(first).every((name) => name in given);
}

function nothingToResume(
  { archive, targetCluster }: ResumeRequest,
  runs: readonly StoredRun[],
): KopsError {
  const which = archive === 'latest' ? 'of this repository' : `of archive ${archive}`;
  const unfinished = runs.filter(({ run }) => run.finishedAt === null);
  return new KopsError(
    'KOPS_REFUSED',
    `there is no restore to resume: none ${which} into cluster ${targetCluster} was started by this user`,
    {
      hint:
        unfinished.length === 0
          ? 'Run the restore without --resume.'
          : `Run the restore without --resume, or resume another one:\n${listed(unfinished)}`,
    },
  );
}

function otherFlags({ run }: StoredRun, given: RestoreRequest): KopsError {
  const flags = differingFlags(run.request, given).map((name) => `--${name}`);
  return new KopsError(
    'KOPS_REFUSED',
    `the values of ${flags.join(', ')} differ from the first run of this restore`,
    {
      at: { archive: run.archive },
      hint: `Remove ${flags.join(', ')}, or resume with the values of the first run:\n${resumeCommand(run)}`,
    },
  );
}

function severalRuns(runs: readonly StoredRun[]): KopsError {
  return new KopsError(
    'KOPS_USAGE',
    `there are ${counted(runs.length, 'unfinished restore')} into this cluster from this repository`,
    { hint: `Resume one of them:\n${listed(runs)}` },
  );
}

function listed(runs: readonly StoredRun[]): string {
  return runs.map(({ run }) => `${resumeCommand(run)}  # started ${run.startedAt}`).join('\n');
}
