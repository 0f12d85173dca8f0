/**
 * Measures kops on one broker beside Kafka's own tools and beside each of its stages alone. See docs/PERFORMANCE.md.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { KopsError, toKopsError } from '@kops/core';
import { connectKafka } from '@kops/kafka';
import { startElasticsearch } from '@kops/elasticsearch-dist';
import { startKafka, type KafkaCluster } from '@kops/kafka-dist';
import { withStopSignal } from '@kops/service';
import type { Bench, Measurement, Workload, WorkloadName } from './bench.ts';
import { parseOptions, usage, type BenchOptions } from './options.ts';
import { profileSubject } from './profile.ts';
import { brokerHeapMiB, renderReport, writeJson } from './report.ts';
import { note, runRounds, withRound, type Planned } from './run-rounds.ts';
import { profiledSubjects, selectable, selectSubjects } from './subjects.ts';
import { fill } from './workloads.ts';

const workloadNames: readonly WorkloadName[] = ['plain', 'json', 'small', 'catalog'];

/** A broker as Kafka's own start script runs it, unlike those of tests; deleted topics leave the disk soon. */
function startBroker(signal: AbortSignal): Promise<KafkaCluster> {
  return startKafka({
    signal,
    heapMiB: brokerHeapMiB,
    jvmArgs: [
      '-server',
      '-XX:TieredStopAtLevel=4',
      '-XX:-UseSerialGC',
      '-XX:+UseG1GC',
      '-XX:MaxGCPauseMillis=20',
    ],
    config: {
      'num.network.threads': '3',
      'num.io.threads': '8',
      'log.initial.task.delay.ms': '30000',
      'log.segment.delete.delay.ms': '100',
    },
  });
}

/**
 * The collector as Elasticsearch sets it for small heaps, unlike the servers of tests: its circuit breaker counts garbage as used, and only
 * asks this one to collect before it refuses.
 */
const serverJvmArgs = [
  '-XX:-UseSerialGC',
  '-XX:+UseG1GC',
  '-XX:G1HeapRegionSize=4m',
  '-XX:InitiatingHeapOccupancyPercent=30',
  '-XX:G1ReservePercent=15',
];

/** A heap of 2 GiB: what the bulk helper sends at its default settings is too much for 1 GiB, and it gives up when it is refused. */
async function startCatalogServer(
  servers: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<string> {
  note('Starting Elasticsearch');
  const options = { signal, heapMegabytes: 2048, jvmArgs: serverJvmArgs };
  return servers.use(await startElasticsearch(options)).url;
}

async function fillPlanned(bench: Bench, names: readonly WorkloadName[]): Promise<Planned[]> {
  const planned: Planned[] = [];
  for (const name of names) {
    const subjects = selectSubjects(name, bench.options.only);
    if (subjects.length === 0) continue;
    note(`Filling topic ${name}`);
    planned.push({ workload: await fill(bench, name), subjects });
  }
  return planned;
}

async function measureAll(bench: Bench): Promise<void> {
  const { options } = bench;
  const workloads: Workload[] = [];
  const measurements: Measurement[] = [];
  const measurePlanned = async (...names: WorkloadName[]): Promise<void> => {
    const planned = await fillPlanned(bench, names);
    workloads.push(...planned.map(({ workload }) => workload));
    await runRounds(bench, planned, options.rounds, measurements);
  };
  try {
    await measurePlanned('plain', 'json');
    await measurePlanned('catalog');
    // Made last: thousands of partitions would be in the way of everything before.
    await measurePlanned('small');
  } finally {
    // Also of a run that fails in the end: what it measured before is no less true.
    if (measurements.length > 0) {
      process.stdout.write(`${renderReport(bench, workloads, measurements).join('\n')}\n`);
      if (options.json !== undefined) await writeJson(options.json, bench, workloads, measurements);
    }
  }
}

async function profileAll(bench: Bench): Promise<void> {
  for (const { workload, subjects } of await fillPlanned(bench, workloadNames)) {
    await withRound(bench, workload, 1, async (round) => {
      for (const subject of subjects.filter(({ name }) => profiledSubjects.includes(name))) {
        note(`Profiling ${workload.name}/${subject.name}`);
        process.stdout.write(`${(await profileSubject(subject, round)).join('\n')}\n`);
      }
    });
  }
}

async function bench(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(resolve(options.directory ?? tmpdir()), 'kops-bench-'));
  try {
    await using kafka = await startBroker(signal);
    await using client = await connectKafka({
      bootstrapServers: kafka.bootstrapServers.split(','),
    });
    // 5 MB/s is slower than anything that is measured here and still works.
    const timeoutMs = 120_000 + (options.sizeBytes / 5e6) * 1000;
    await using servers = new AsyncDisposableStack();
    let elasticsearch: Promise<string> | undefined;
    const context: Bench = {
      kafka,
      client,
      options,
      folder,
      timeoutMs,
      signal,
      env: process.env,
      elasticsearch: () => (elasticsearch ??= startCatalogServer(servers, signal)),
    };
    await (options.profile ? profileAll(context) : measureAll(context));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  const options = parseOptions(process.argv.slice(2));
  const unknown = options?.only.find((name) => !selectable.includes(name));
  if (unknown !== undefined)
    throw new KopsError('KOPS_USAGE', `--only ${unknown}: nothing of that name`, {
      hint: `Known are ${selectable.join(', ')}.`,
    });
  if (options === undefined) process.stdout.write(`${usage}\n`);
  else await withStopSignal((signal) => bench(options, signal));
} catch (thrown) {
  const error = toKopsError(thrown);
  note(`Error: ${error.message}`);
  if (error.hint !== undefined) note(`Try: ${error.hint}`);
  process.exitCode = error.exitCode === 0 ? 1 : error.exitCode;
}
