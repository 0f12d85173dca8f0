import { availableParallelism } from 'node:os';
import { levels } from './catalog/index-stages.ts';
import { megabytesPerSecond, type Measurement, type WorkloadName } from './bench.ts';
import {
  capturePeakRss,
  ratiosTo,
  roundsOf,
  sharedCores,
  spreadOf,
  type Spread,
} from './statistics.ts';

/** A goal and how it was met. */
export interface GoalResult {
  readonly goal: string;
  readonly workload: WorkloadName;
  /** Empty for what is told beside the goals. */
  readonly wanted: string;
  readonly unit: string;
  readonly measured: Spread;
  /** By the median; for memory by the worst round. Null for what is told beside the goals. */
  readonly met: boolean | null;
}

interface Goal {
  readonly goal: string;
  readonly workloads: readonly WorkloadName[];
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly values: (
    measurements: readonly Measurement[],
    workload: WorkloadName,
  ) => readonly number[];
}

const stages = ['stage-fetch', 'stage-stream', 'stage-write'];

const goals: readonly Goal[] = [
  {
    goal: 'backup ÷ slowest stage alone',
    workloads: ['plain', 'json'],
    unit: '×',
    atLeast: 0.6,
    values: (measurements, workload) => ratiosTo(measurements, workload, 'backup', stages),
  },
  {
    goal: '  the same, less what an empty backup takes',
    workloads: ['plain', 'json'],
    unit: '×',
    values: (measurements, workload) =>
      ratiosTo(withoutFixedCost(measurements, workload), workload, 'backup', stages),
  },
  {
    goal: '  the most that the cores allow for: all stages at once',
    workloads: ['plain', 'json'],
    unit: '×',
    values: (measurements, workload) =>
      sharedCores(measurements, workload, stages, availableParallelism()),
  },
  {
    goal: 'restore ÷ ProducerPerformance',
    workloads: ['plain', 'json'],
    unit: '×',
    atLeast: 1.5,
    values: (measurements, workload) =>
      ratiosTo(measurements, workload, 'restore', ['java-producer']),
  },
  {
    goal: 'backup while the archiver indexes ÷ without',
    workloads: ['plain'],
    unit: '×',
    atLeast: 0.9,
    values: (measurements, workload) =>
      ratiosTo(measurements, workload, 'backup-indexing', ['backup-standing']),
  },
  ...levels.map((level) => ({
    goal: `index ${level} ÷ the client's bulk helper`,
    workloads: ['catalog'] as const,
    unit: '×',
    atLeast: 0.8,
    values: (measurements: readonly Measurement[], workload: WorkloadName) =>
      ratiosTo(measurements, workload, `index-${level}`, [`bulk-${level}`]),
  })),
  {
    goal: 'verify --level structure',
    workloads: ['plain', 'json'],
    unit: 'MB/s',
    atLeast: 600,
    values: (measurements, workload) =>
      [...roundsOf(measurements, workload, 'verify-structure').values()].map(megabytesPerSecond),
  },
  {
    goal: 'agent + archiver, peak resident',
    workloads: ['plain', 'json', 'small'],
    unit: 'MB',
    atMost: 350,
    values: (measurements, workload) =>
      [...roundsOf(measurements, workload, 'backup').values()].flatMap((one) => {
        const bytes = capturePeakRss(one);
        return bytes === undefined ? [] : [bytes / 1e6];
      }),
  },
];

/** Backups with the time of the backup that had nothing to do taken off, by round: stages are measured without their start, too. */
function withoutFixedCost(
  measurements: readonly Measurement[],
  workload: WorkloadName,
): Measurement[] {
  const fixed = roundsOf(measurements, workload, 'backup-again');
  return measurements.flatMap((one) => {
    if (one.subject !== 'backup' || one.workload !== workload) return [one];
    const seconds = one.seconds - (fixed.get(one.round)?.seconds ?? Infinity);
    return seconds > 0 ? [{ ...one, seconds }] : [];
  });
}

function judge(goal: Goal, { median, max }: Spread): Pick<GoalResult, 'wanted' | 'met'> {
  const { atLeast, atMost } = goal;
  if (atLeast !== undefined) return { wanted: `>= ${String(atLeast)}`, met: median >= atLeast };
  if (atMost !== undefined) return { wanted: `<= ${String(atMost)}`, met: max <= atMost };
  return { wanted: '', met: null };
}

/** The goals that something was measured for. */
export function judgeGoals(measurements: readonly Measurement[]): GoalResult[] {
  return goals.flatMap((goal) =>
    goal.workloads.flatMap((workload) => {
      const measured = spreadOf(goal.values(measurements, workload));
      if (measured === undefined) return [];
      return [{ goal: goal.goal, workload, unit: goal.unit, measured, ...judge(goal, measured) }];
    }),
  );
}
