import { join } from 'node:path';
import { KopsError } from '@kops/core';
import type { Bench, FilledByProducer, Outcome, Round } from './bench.ts';
import { expectEqual, expectSameLog } from './expect.ts';
import { createTopic } from './topics.ts';
import { runMeasured, type CommandUse } from './run-measured.ts';

/** As in Kafka's own start scripts of these tools. */
const jvmArgs = [
  '-Xmx512M',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
];

function runJava(bench: Bench, mainClass: string, args: readonly string[]): Promise<CommandUse> {
  const { kafka, folder, timeoutMs, signal, env } = bench;
  return runMeasured({
    what: mainClass,
    command: kafka.jars.java.java,
    args: [...jvmArgs, '-cp', kafka.jars.classPath, mainClass, ...args],
    cwd: folder,
    env,
    timeoutMs,
    signal,
  });
}

/** Where the values of a workload lie, for ProducerPerformance. */
export function payloadFile(bench: Bench, content: FilledByProducer): string {
  return join(bench.folder, `${content}.payloads`);
}

/** Settings of every producer here; what is not named is Kafka's default (idempotence on, linger.ms 5, buffer.memory 32 MiB). */
export function producerProperties(bench: Bench, content: FilledByProducer): string[] {
  return [
    `bootstrap.servers=${bench.kafka.bootstrapServers}`,
    'acks=all',
    `batch.size=${String(bench.options.batchBytes)}`,
    `compression.type=${content === 'plain' ? 'none' : 'zstd'}`,
  ];
}

/** Fills a topic with ProducerPerformance; its own figure is the work. */
export async function runProducer(
  bench: Bench,
  topic: string,
  content: FilledByProducer,
  records: number,
): Promise<Outcome> {
  const use = await runJava(bench, 'org.apache.kafka.tools.ProducerPerformance', [
    ...['--topic', topic, '--num-records', String(records), '--throughput', '-1'],
    ...[
      '--payload-file',
      payloadFile(bench, content),
      '--producer-props',
      ...producerProperties(bench, content),
    ],
  ]);
  const summary = use.stdout.trim().split('\n').at(-1) ?? '';
  const [, sent, rate] = /^(\d+) records sent, ([\d.]+) records\/sec/.exec(summary) ?? [];
  if (sent === undefined || rate === undefined) throw unreadable('ProducerPerformance', use.stdout);
  expectEqual(Number(sent), records, `records that ProducerPerformance sent to ${topic}`);
  return { ...use, seconds: records / Number(rate) };
}

/** ProducerPerformance into a topic of its own, with the settings that the workload's topic was filled with. */
export async function producerPerformance({ bench, workload, number }: Round): Promise<Outcome> {
  const topic = `${workload.topic}-produced-${String(number)}`;
  await createTopic(bench, topic, workload.partitions);
  const outcome = await runProducer(
    bench,
    topic,
    workload.name === 'json' ? 'json' : 'plain',
    workload.records,
  );
  await expectSameLog(bench, topic, { ...workload, logBytes: undefined });
  await bench.client.deleteTopics([topic]);
  return outcome;
}

/** ConsumerPerformance from the beginning; its own figure without joining the group is the work. */
export async function consumerPerformance({ bench, workload, number }: Round): Promise<Outcome> {
  const use = await runJava(bench, 'org.apache.kafka.tools.ConsumerPerformance', [
    ...[
      '--bootstrap-server',
      bench.kafka.bootstrapServers,
      '--topic',
      workload.topic,
      '--messages',
      String(workload.records),
    ],
    ...[
      '--group',
      `bench-java-${workload.name}-${String(number)}`,
      '--timeout',
      '60000',
      '--hide-header',
    ],
  ]);
  const columns = (use.stdout.trim().split('\n').at(-1) ?? '')
    .split(',')
    .map((column) => column.trim());
  const [records, fetchMs] = [Number(columns[4]), Number(columns[7])];
  if (columns.length !== 10 || !(fetchMs > 0)) throw unreadable('ConsumerPerformance', use.stdout);
  expectEqual(
    records,
    workload.records,
    `records that ConsumerPerformance read of ${workload.topic}`,
  );
  return { ...use, seconds: fetchMs / 1000 };
}

function unreadable(tool: string, output: string): KopsError {
  return new KopsError(
    'KOPS_UNEXPECTED',
    `no figures in what ${tool} printed: ${output.slice(-500)}`,
    { hint: 'Its output differs between Kafka versions.' },
  );
}
