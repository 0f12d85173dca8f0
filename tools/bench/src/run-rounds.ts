import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProcess } from '@kops/kafka-dist';
import {
  megabytesPerSecond,
  type Bench,
  type Measurement,
  type Round,
  type Subject,
  type Workload,
} from './bench.ts';
import { MemoryReserve } from './memory-reserve.ts';
import { readIntoCache } from './page-cache.ts';
import { cpuSecondsOf } from './process-tree.ts';
import { orderOf } from './subjects.ts';

/** Time for the broker to delete what was deleted, in ms. */
const settleMs = 1000;
/** Memory for processes, beside what a workload's files take. */
const spareBytes = 1024 * 1024 * 1024;
/** Of a topic of thousands, which are tiny, the log is in the page cache as it is. */
const maxReadPartitions = 16;

/** A workload and what is to be measured of it. */
export interface Planned {
  readonly workload: Workload;
  readonly subjects: readonly Subject[];
}

/** Tells a person who waits. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One round of a workload; its repository is deleted at the end. */
export async function withRound<T>(
  bench: Bench,
  workload: Workload,
  number: number,
  work: (round: Round) => Promise<T>,
): Promise<T> {
  const repository = join(bench.folder, `repository-${workload.name}`);
  try {
    return await work({ bench, workload, number, repository });
  } finally {
    await rm(repository, { recursive: true, force: true });
  }
}

/** What was written before must not be written to disk on the time of what is measured next, nor must that wait for a disk: what it reads is in the page cache. */
async function settle({ bench, workload, repository }: Round): Promise<void> {
  const { kafka, timeoutMs, signal } = bench;
  await sleep(settleMs, undefined, { signal });
  await readIntoCache(repository, signal);
  for (let partition = 0; partition < Math.min(workload.partitions, maxReadPartitions); partition++)
    for (const { logDir } of kafka.brokers)
      await readIntoCache(join(logDir, `${workload.topic}-${String(partition)}`), signal);
  await runProcess('sync', [], { timeoutMs, signal });
}

async function measure(subject: Subject, round: Round): Promise<Measurement> {
  const { bench, workload, number } = round;
  await subject.prepare?.(round);
  await settle(round);
  // What it writes finds memory that the machine has.
  const reserve = subject.writes === true ? workload.logBytes + spareBytes : 0;
  await using memory = await MemoryReserve.fill(bench.folder, reserve, bench.signal);
  await memory.lend();
  const broker = bench.kafka.brokers[0]?.pid ?? 0;
  const brokerBefore = cpuSecondsOf(broker);
  const { seconds, wallSeconds, cpuSeconds, processes } = await subject.run(round);
  const { name, logBytes, valueBytes } = workload;
  return {
    workload: name,
    subject: subject.name,
    round: number,
    seconds,
    wallSeconds,
    cpuSeconds,
    processes,
    logBytes,
    valueBytes,
    brokerCpuSeconds: cpuSecondsOf(broker) - brokerBefore,
  };
}

/**
 * Measures everything once per round, one after the other: A B C C B A, so that a slow spell of the machine meets all alike. What is measured
 * is added to `measurements` at once: what fails later does not take it away.
 */
export async function runRounds(
  bench: Bench,
  planned: readonly Planned[],
  rounds: number,
  measurements: Measurement[],
): Promise<void> {
  for (let number = 1; number <= rounds; number++) {
    for (const { workload, subjects } of planned) {
      await withRound(bench, workload, number, async (round) => {
        for (const subject of orderOf(subjects, number)) {
          const measured = await measure(subject, round);
          measurements.push(measured);
          const rate =
            workload.name === 'small' ? '' : `, ${megabytesPerSecond(measured).toFixed(0)} MB/s`;
          note(
            `  round ${String(number)}  ${workload.name}/${subject.name}: ${measured.seconds.toFixed(2)} s${rate}`,
          );
        }
      });
    }
  }
}
