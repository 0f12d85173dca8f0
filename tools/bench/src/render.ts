import { megabytesPerSecond, type Measurement, type WorkloadName } from './bench.ts';
import type { GoalResult } from './goals.ts';
import { capturePeakRss, roundsOf, spreadOf, type Spread } from './statistics.ts';
import { formatTable } from './table.ts';

const digits = (value: number): string =>
  value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);

function range(spread: Spread | undefined): string {
  return spread === undefined ? '' : `${digits(spread.min)}–${digits(spread.max)}`;
}

function median(values: readonly number[]): string {
  const spread = spreadOf(values);
  return spread === undefined ? '' : digits(spread.median);
}

/** Peaks of the largest single process, or of agent and archiver apart. */
function memory(measured: readonly Measurement[]): string {
  const peaks = (role: string): number[] =>
    measured.map(
      ({ processes }) =>
        Math.max(
          0,
          ...processes.filter((one) => one.role === role).map((one) => one.peakRssBytes),
        ) / 1e6,
    );
  const isCapture = measured.some((one) => capturePeakRss(one) !== undefined);
  return isCapture
    ? `${median(peaks('agent'))} + ${median(peaks('archiver'))}`
    : median(peaks('main'));
}

const heading = [
  '',
  'MB/s',
  'min–max',
  'values MB/s',
  'seconds',
  'process s',
  'CPU s',
  'broker CPU s',
  'peak MB',
];

function row(name: string, measured: readonly Measurement[]): string[] {
  const speeds = measured.map(megabytesPerSecond);
  // Of a small topic, or of nothing new, the time counts and no rate.
  const isRate = name !== 'backup-again' && measured[0]?.workload !== 'small';
  return [
    name,
    isRate ? median(speeds) : '',
    isRate ? range(spreadOf(speeds)) : '',
    isRate ? median(measured.map((one) => one.valueBytes / one.seconds / 1e6)) : '',
    median(measured.map((one) => one.seconds)),
    median(measured.map((one) => one.wallSeconds)),
    median(measured.map((one) => one.cpuSeconds)),
    median(measured.map((one) => one.brokerCpuSeconds)),
    memory(measured),
  ];
}

/** The figures of one workload: medians over the rounds, one line per subject. */
export function renderWorkload(
  measurements: readonly Measurement[],
  workload: WorkloadName,
): string[] {
  const subjects = [
    ...new Set(measurements.filter((one) => one.workload === workload).map((one) => one.subject)),
  ];
  return formatTable([
    heading,
    ...subjects.map((subject) =>
      row(subject, [...roundsOf(measurements, workload, subject).values()]),
    ),
  ]);
}

/** The goals, one line each. */
export function renderGoals(results: readonly GoalResult[]): string[] {
  const rows = results.map(({ goal, workload, wanted, unit, measured, met }) => [
    goal,
    workload,
    wanted === '' ? '' : `${wanted} ${unit}`,
    digits(measured.median),
    range(measured),
    met === null ? '' : met ? 'met' : 'NOT MET',
  ]);
  return formatTable([['goal', 'topic', 'wanted', 'median', 'min–max', ''], ...rows], 2);
}
