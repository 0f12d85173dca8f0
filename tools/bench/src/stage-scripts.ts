import { memoryFlags, threads } from '@kops/cli/process-flags';
import { KopsError } from '@kops/core';
import { fileURLToPath } from 'node:url';
import type { Bench, Outcome, Round } from './bench.ts';
import { expectEqual } from './expect.ts';
import { runMeasured } from './run-measured.ts';

/** What every script prints: the time of its loop, and how much went through. */
export interface StageResult {
  readonly seconds: number;
  readonly amount: number;
}

/** Runs a script, unless told otherwise with the flags of the processes whose stage it is. */
export async function runScript(
  bench: Bench,
  script: URL,
  settings: unknown,
  flags: readonly string[] = memoryFlags,
): Promise<{ outcome: Outcome; amount: number }> {
  const file = fileURLToPath(script);
  const { folder, timeoutMs, signal, env } = bench;
  const use = await runMeasured({
    what: file,
    command: process.execPath,
    args: [...flags, '--conditions=@kops/source', file, JSON.stringify(settings)],
    cwd: folder,
    env: { ...env, UV_THREADPOOL_SIZE: threads },
    timeoutMs,
    signal,
  });
  const result = JSON.parse(use.stdout) as Partial<StageResult>;
  if (result.seconds === undefined || result.amount === undefined)
    throw new KopsError('KOPS_UNEXPECTED', `${file} printed no figures: ${use.stdout}`);
  return { outcome: { ...use, seconds: result.seconds }, amount: result.amount };
}

/** Raw fetch of all partitions at once, to nowhere: nothing is checked. */
export async function fetchStage({ bench, workload }: Round): Promise<Outcome> {
  const settings = { bootstrapServers: bench.kafka.bootstrapServers, topic: workload.topic };
  const { outcome, amount } = await runScript(
    bench,
    new URL('./stages/fetch.ts', import.meta.url),
    settings,
  );
  expectEqual(amount, workload.logBytes, `bytes fetched of ${workload.topic}`);
  return outcome;
}

/** As many bytes over one gRPC stream per partition, between two processes. */
export async function streamStage({ bench, workload }: Round): Promise<Outcome> {
  const settings = { folder: bench.folder, bytes: workload.logBytes, streams: workload.partitions };
  const { outcome, amount } = await runScript(
    bench,
    new URL('./stages/stream.ts', import.meta.url),
    settings,
  );
  expectEqual(amount, workload.logBytes, 'bytes received over gRPC');
  return outcome;
}

/** As many bytes written durably, one object under way per partition. */
export async function writeStage({ bench, workload }: Round): Promise<Outcome> {
  const settings = { folder: bench.folder, bytes: workload.logBytes, writers: workload.partitions };
  const { outcome, amount } = await runScript(
    bench,
    new URL('./stages/write.ts', import.meta.url),
    settings,
  );
  expectEqual(amount, workload.logBytes, 'bytes written');
  return outcome;
}

/** A plain kafkajs consumer. */
export async function kafkajsConsumer({ bench, workload, number }: Round): Promise<Outcome> {
  const settings = {
    brokers: bench.kafka.bootstrapServers.split(','),
    topic: workload.topic,
    groupId: `bench-kafkajs-${workload.name}-${String(number)}`,
    records: workload.records,
  };
  const { outcome, amount } = await runScript(
    bench,
    new URL('./stages/kafkajs-consumer.ts', import.meta.url),
    settings,
    [],
  );
  expectEqual(amount, workload.records, `records that kafkajs read of ${workload.topic}`);
  return outcome;
}
