import type { DemoKafka } from './demo-kafka.ts';

/** A record as Kafka's own console consumer prints it. */
export interface ConsumedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: string;
}

const consoleConsumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer';

/** Reads with Kafka's own console consumer as a member of a group, which commits where it stopped. `max` records at most, or until nothing more comes. */
export async function readAsGroup(
  kafka: DemoKafka,
  group: string,
  topic: string,
  max?: number,
): Promise<ConsumedRecord[]> {
  const limits =
    max === undefined
      ? ['--timeout-ms', '6000']
      : ['--max-messages', String(max), '--timeout-ms', '30000'];
  const properties = ['partition', 'offset', 'key'].flatMap((name) => [
    '--property',
    `print.${name}=true`,
  ]);
  const output = await kafka.runTool(consoleConsumer, [
    ...['--bootstrap-server', kafka.bootstrapServers, '--group', group, '--topic', topic],
    ...['--from-beginning', ...limits, ...properties],
  ]);
  return output.split('\n').flatMap(parseLine);
}

function parseLine(line: string): ConsumedRecord[] {
  const match = /^Partition:(\d+)\tOffset:(\d+)\t([^\t]*)\t(.*)$/.exec(line);
  if (match === null) return [];
  const [, partition, offset, key = '', value = ''] = match;
  return [{ partition: Number(partition), offset: Number(offset), key, value }];
}

/** The first record of each partition. */
export function firstPerPartition(records: readonly ConsumedRecord[]): Map<number, ConsumedRecord> {
  const first = new Map<number, ConsumedRecord>();
  for (const record of records)
    if (!first.has(record.partition)) first.set(record.partition, record);
  return first;
}
