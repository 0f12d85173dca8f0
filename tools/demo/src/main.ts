/**
 * The main job of kops on a throwaway Kafka: back up, verify, drill, lose a topic, restore it, and see a consumer group read on.
 * @module
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KopsError, toKopsError } from '@kops/core';
import { connectKafka, type KafkaClient } from '@kops/kafka';
import { formatDuration, withStopSignal } from '@kops/service';
import {
  classicRecords,
  orderCount,
  orderPartitions,
  orderRecords,
  produceAll,
} from './content.ts';
import { restoreFound, showCatalog, startCatalog } from './demo-catalog.ts';
import { firstPerPartition, readAsGroup, type ConsumedRecord } from './group-reader.ts';
import { startDemoKafka, type DemoKafka } from './demo-kafka.ts';
import { bold, dim, green, red, runKops, say, stage, timings } from './stage.ts';

const group = 'order-mailer';
const half = orderCount / 2;
/** Below the working directory, which `npm run demo` makes the root of the workspace. */
const folder = join('.kops', 'demo');
const repository = join(folder, 'repository');
const reports = join(folder, 'reports');

async function write(client: KafkaClient): Promise<void> {
  const now = Date.now();
  await client.createTopics([
    { name: 'test', partitions: 1, replicationFactor: 1, configs: {} },
    {
      name: 'orders',
      partitions: orderPartitions,
      replicationFactor: 1,
      configs: { 'retention.ms': '604800000' },
    },
  ]);
  await produceAll(client, { topic: 'test', partition: 0 }, classicRecords(now), ['none']);
  for (let partition = 0; partition < orderPartitions; partition++) {
    await produceAll(client, { topic: 'orders', partition }, orderRecords(partition, now), [
      'zstd',
      'snappy',
    ]);
  }
  say(`   topic test: 100 records, key = value = "0" … "99"`);
  say(
    `   topic orders: ${String(orderCount)} order events in ${String(orderPartitions)} partitions; zstd and snappy, headers, null keys, tombstones`,
  );
}

async function readHalf(kafka: DemoKafka): Promise<void> {
  const read = await readAsGroup(kafka, group, 'orders', half);
  expectEqual(read.length, half, 'records that the group read');
  say(
    `   Kafka's console consumer read ${String(read.length)} of ${String(orderCount)} orders as group ${group}, and left`,
  );
}

/** Where the group would read on in each partition. */
async function committed(client: KafkaClient): Promise<Map<number, number>> {
  const offsets = await client.committedOffsets(group);
  return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
}

async function loseOrders(client: KafkaClient): Promise<void> {
  await client.deleteGroups([group]);
  await client.deleteTopics(['orders']);
  const left = (await client.topics())
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('__'));
  say(`   topic orders and group ${group} are gone; topics left: ${left.join(', ')}`);
}

async function readOn(kafka: DemoKafka, before: ReadonlyMap<number, number>): Promise<void> {
  const rest = await readAsGroup(kafka, group, 'orders');
  expectEqual(rest.length, orderCount - half, 'records that were left for the group');
  const first = firstPerPartition(rest);
  for (const [partition, offset] of [...before].sort(([a], [b]) => a - b)) {
    const end = orderCount / orderPartitions;
    const next = first.get(partition);
    expectEqual(
      next?.offset ?? end,
      offset,
      `offset at which the group reads on in orders-${String(partition)}`,
    );
    say(`   orders-${String(partition)}: left at ${String(offset)}, reads on at ${describe(next)}`);
  }
  say(
    `   ${green('✔')} the group read the other ${String(rest.length)} orders: none twice, none left out`,
  );
}

const describe = (record: ConsumedRecord | undefined): string =>
  record === undefined ? 'the end' : `${String(record.offset)} (key ${record.key})`;

function expectEqual(actual: number, expected: number, what: string): void {
  if (actual === expected) return;
  throw new KopsError(
    'KOPS_COMPARISON_FAILED',
    `${what}: expected ${String(expected)}, found ${String(actual)}`,
  );
}

/** `--elasticsearch [URL]`: with a catalog, on a throwaway server unless one is named. */
function catalogUrl(): string | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { elasticsearch: { type: 'boolean', default: false } },
  });
  const [url, ...more] = positionals;
  if (more.length > 0 || (url !== undefined && !values.elasticsearch))
    throw new KopsError('KOPS_USAGE', `not understood: ${positionals.join(' ')}`, {
      hint: 'npm run demo, or npm run demo -- --elasticsearch [URL]',
    });
  return values.elasticsearch ? (url ?? '') : undefined;
}

async function demo(signal: AbortSignal): Promise<void> {
  const url = catalogUrl();
  await rm(folder, { recursive: true, force: true });
  await mkdir(reports, { recursive: true });
  say(bold('kops: backs up Apache Kafka, and proves that the backup can be recovered'));
  await using kafka = await stage('Start a throwaway Kafka', async () => {
    const started = await startDemoKafka(signal);
    say(`   ${started.description} at ${started.bootstrapServers}`);
    return started;
  });
  await using client = await connectKafka({ bootstrapServers: kafka.bootstrapServers.split(',') });
  await using catalog = url === undefined ? undefined : await startCatalog(url, folder, signal);
  const settings = catalog?.args ?? [];
  const server = ['--bootstrap-server', kafka.bootstrapServers];
  const archive = ['--repository', repository, '--archive', 'latest'];
  await stage('Write records', () => write(client));
  await stage('Read half of the orders as a consumer group', () => readHalf(kafka));
  const before = await committed(client);
  await stage('Back up', () =>
    runKops(['backup', ...server, '--repository', repository, ...settings], signal),
  );
  if (catalog !== undefined) await showCatalog(catalog, archive, signal);
  await stage('Verify the archive', () =>
    runKops(['verify', ...archive, '--level', 'structure', '--report-dir', reports], signal),
  );
  await stage('Drill: restore into another throwaway Kafka and compare every record', () =>
    runKops(['drill', ...archive, '--report-dir', reports], signal),
  );
  await stage('Lose the topic', () => loseOrders(client));
  await stage('Restore it', () =>
    runKops(
      ['restore', ...archive, ...server, '--topics', 'orders', '--report-dir', reports],
      signal,
    ),
  );
  await stage('Let the group read on', () => readOn(kafka, before));
  if (catalog !== undefined)
    await restoreFound(catalog, [...archive, ...server, '--report-dir', reports], signal);
}

function conclude(): void {
  const total = timings.reduce((sum, { ms }) => sum + ms, 0);
  say();
  say(`${green('✔')} ${bold('Done')} in ${formatDuration(total)}; the throwaway Kafka is stopped.`);
  say();
  say('Look at:');
  say(`  ${repository}  ${dim('the repository: manifests, commit log, Kafka log segments')}`);
  say(`  ${reports}  ${dim('the reports of verify, drill and restore')}`);
  say(`  npx kops archives show --repository ${repository} --archive latest`);
  say(
    `  npx kops cat --repository ${repository} --archive latest --topic orders --partition 3 --from-offset 600 --limit 5`,
  );
}

try {
  await withStopSignal(demo);
  conclude();
} catch (thrown) {
  const error = toKopsError(thrown);
  say();
  say(`${red('✘')} The demo failed: ${error.message}`);
  if (error.hint !== undefined) say(`  Try: ${error.hint}`);
  process.exitCode = error.exitCode === 0 ? 1 : error.exitCode;
}
