import { writeFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { formatBytes } from '@kops/service';
import type { Bench, Measurement, Workload } from './bench.ts';
import { judgeGoals } from './goals.ts';
import { producerProperties } from './java-tools.ts';
import { renderGoals, renderWorkload } from './render.ts';

/** What the figures were taken on. */
export function environmentOf(bench: Bench): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    kafka: bench.kafka.jars.version,
    brokerHeapMiB,
  };
}

/** Heap of the broker, as in Kafka's own start script. */
export const brokerHeapMiB = 1024;

function describeWorkload({ name, partitions, records, valueBytes, logBytes }: Workload): string {
  return `${name}: ${String(records)} records, ${formatBytes(valueBytes)} of values in ${String(partitions)} partitions, ${formatBytes(logBytes)} in the log`;
}

/** Everything for a terminal. */
export function renderReport(
  bench: Bench,
  workloads: readonly Workload[],
  measurements: readonly Measurement[],
): string[] {
  const environment = Object.entries(environmentOf(bench)).map(
    ([name, value]) => `${name} ${String(value)}`,
  );
  const goals = judgeGoals(measurements);
  return [
    `Machine: ${environment.join(', ')}`,
    `Producers: ${producerProperties(bench, 'plain').slice(1, 3).join(' ')}; ${String(bench.options.rounds)} rounds, medians; MB are 10^6 bytes of the log`,
    ...workloads.flatMap((workload) => [
      '',
      describeWorkload(workload),
      ...renderWorkload(measurements, workload.name),
    ]),
    ...(goals.length === 0 ? [] : ['', ...renderGoals(goals)]),
  ];
}

/** Everything for a program, single rounds included. */
export async function writeJson(
  file: string,
  bench: Bench,
  workloads: readonly Workload[],
  measurements: readonly Measurement[],
): Promise<void> {
  const { sizeBytes, rounds, batchBytes } = bench.options;
  const report = {
    environment: environmentOf(bench),
    settings: {
      sizeBytes,
      rounds,
      batchBytes,
      producerProperties: {
        plain: producerProperties(bench, 'plain'),
        json: producerProperties(bench, 'json'),
      },
    },
    workloads,
    goals: judgeGoals(measurements),
    measurements,
  };
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
}
