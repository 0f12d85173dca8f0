import { megabytesPerSecond, type Measurement, type WorkloadName } from './bench.ts';
import { capturePeakRss, ratiosTo, roundsOf, spreadOf, type Spread } from './statistics.ts';

/** A goal and how it was met. */
export interface GoalResult {
  readonly goal: string;
  readonly workload: WorkloadName;
  readonly wanted: string;
  readonly unit: string;
  readonly measured: Spread;
  /** By the median; for memory by the worst round. */
  readonly met: boolean;
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
    goal: 'restore ÷ ProducerPerformance',
    workloads: ['plain', 'json'],
    unit: '×',
    atLeast: 1.5,
    values: (measurements, workload) =>
      ratiosTo(measurements, workload, 'restore', ['java-producer']),
  },
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

/** The goals that something was measured for. */
export function judgeGoals(measurements: readonly Measurement[]): GoalResult[] {
  return goals.flatMap((goal) =>
    goal.workloads.flatMap((workload) => {
      const measured = spreadOf(goal.values(measurements, workload));
      if (measured === undefined) return [];
      const { atLeast = -Infinity, atMost = Infinity, unit } = goal;
      const wanted = goal.atLeast === undefined ? `<= ${String(atMost)}` : `>= ${String(atLeast)}`;
      return [
        {
          goal: goal.goal,
          workload,
          wanted,
          unit,
          measured,
          met: measured.median >= atLeast && measured.max <= atMost,
        },
      ];
    }),
  );
}
