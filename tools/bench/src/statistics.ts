import { megabytesPerSecond, type Measurement, type WorkloadName } from './bench.ts';

/** Median, least and most of some figures. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Undefined of no figures. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return undefined;
  const middle = (sorted.length - 1) / 2;
  const [below = min, above = min] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (below + above) / 2, min, max };
}

/** The measurements of a subject, by round. */
export function roundsOf(
  measurements: readonly Measurement[],
  workload: WorkloadName,
  subject: string,
): Map<number, Measurement> {
  return new Map(
    measurements
      .filter((one) => one.workload === workload && one.subject === subject)
      .map((one) => [one.round, one]),
  );
}

/**
 * How many times as fast a subject was as the slowest of others, compared within each round: what slows this machine down for a
 * while slows down both. Rounds that lack one of them do not count.
 */
export function ratiosTo(
  measurements: readonly Measurement[],
  workload: WorkloadName,
  subject: string,
  others: readonly string[],
): number[] {
  const rounds = others.map((other) => roundsOf(measurements, workload, other));
  return [...roundsOf(measurements, workload, subject)].flatMap(([round, measured]) => {
    const compared = rounds.map((byRound) => byRound.get(round));
    if (compared.length === 0 || compared.includes(undefined)) return [];
    const slowest = Math.min(
      ...compared.map((one) => (one === undefined ? Infinity : megabytesPerSecond(one))),
    );
    return [megabytesPerSecond(measured) / slowest];
  });
}

/**
 * How fast stages that run beside each other could be at most, as a part of the slowest one alone, by round: their CPU time, the broker's
 * included, spread over all cores without a gap. What a pipeline of them does besides comes on top.
 */
export function sharedCores(
  measurements: readonly Measurement[],
  workload: WorkloadName,
  stages: readonly string[],
  cores: number,
): number[] {
  const [first, ...rest] = stages.map((stage) => roundsOf(measurements, workload, stage));
  return [...(first ?? [])].flatMap(([round, one]) => {
    const others = rest.map((byRound) => byRound.get(round));
    const all = [one, ...others.filter((other) => other !== undefined)];
    if (all.length < stages.length) return [];
    const cpu = all.reduce((sum, stage) => sum + stage.cpuSeconds + stage.brokerCpuSeconds, 0);
    const slowest = Math.max(...all.map(({ seconds }) => seconds));
    return [Math.min(1, slowest / (cpu / cores))];
  });
}

/** Peak memory of the agent and the archiver of a backup together, in bytes; undefined where it could not be seen. */
export function capturePeakRss({ processes }: Pick<Measurement, 'processes'>): number | undefined {
  const peakOf = (role: string): number =>
    Math.max(0, ...processes.filter((one) => one.role === role).map((one) => one.peakRssBytes));
  const [agent, archiver] = [peakOf('agent'), peakOf('archiver')];
  return agent > 0 && archiver > 0 ? agent + archiver : undefined;
}
