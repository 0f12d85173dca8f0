import { writeFile } from 'node:fs/promises';
import { produceWithJava } from '@kops/testkit';
import type { Bench, FilledByProducer, Workload, WorkloadName } from './bench.ts';
import { expectEqual, logBytesOf, recordsOf } from './expect.ts';
import { payloadFile, runProducer } from './java-tools.ts';
import { createTopic } from './topics.ts';
import { jsonPayloads, randomPayloads, valueBytes } from './payloads.ts';

const largePartitions = 4;
const smallRecordsPerPartition = 5;
const smallValueBytes = 200;

/** Creates and fills the topic of a workload. */
export async function fill(bench: Bench, name: WorkloadName): Promise<Workload> {
  const filled = name === 'small' ? await fillSmall(bench) : await fillLarge(bench, name);
  expectEqual(
    await recordsOf(bench, name, filled.partitions),
    filled.records,
    `records in ${name}`,
  );
  return {
    ...filled,
    name,
    topic: name,
    logBytes: await logBytesOf(bench, name, filled.partitions),
  };
}

type Filled = Pick<Workload, 'partitions' | 'records' | 'valueBytes'>;

async function fillLarge(bench: Bench, name: FilledByProducer): Promise<Filled> {
  await writeFile(payloadFile(bench, name), name === 'plain' ? randomPayloads() : jsonPayloads());
  const { sizeBytes, catalogRecords } = bench.options;
  const records = name === 'catalog' ? catalogRecords : Math.round(sizeBytes / valueBytes);
  await createTopic(bench, name, largePartitions);
  await runProducer(bench, name, name, records);
  return { partitions: largePartitions, records, valueBytes: records * valueBytes };
}

async function fillSmall(bench: Bench): Promise<Filled> {
  const partitions = bench.options.smallPartitions;
  const count = partitions * smallRecordsPerPartition;
  // The broker maps two indexes per partition and makes them as large as this at first.
  const configs = { 'segment.index.bytes': '65536' };
  await createTopic(bench, 'small', partitions, configs);
  await produceWithJava(
    bench.kafka,
    [
      {
        do: 'generate',
        topic: 'small',
        count,
        partitions,
        valueBytes: smallValueBytes,
        content: 'json',
      },
    ],
    // One request at a time: a first batch that is turned away must not be overtaken by the second, see `createTopic`.
    { config: { 'max.in.flight.requests.per.connection': '1' } },
  );
  return { partitions, records: count, valueBytes: count * smallValueBytes };
}
