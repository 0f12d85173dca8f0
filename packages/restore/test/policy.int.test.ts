import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectKafka, type KafkaClient } from '@kops/kafka';
import { compileJava, ensureKafkaJars, startKafka, type KafkaCluster } from '@kops/kafka-dist';
import { kafkaAdmin, readWithJava } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configRuleRows, configRules } from '../src/config-rules.ts';
import {
  describePlan,
  executeRestore,
  inspectTarget,
  planRestore,
  type RestorePlan,
} from '../src/index.ts';
import { archiveOf } from './archive-fixture.ts';
import { batchAt, offsetsFrom } from './batches.ts';

const policy = fileURLToPath(new URL('./policy/ForbiddingPolicy.java', import.meta.url));
const dynamic = 'DYNAMIC_TOPIC_CONFIG';
const fromBroker = 'STATIC_BROKER_CONFIG';

let cluster: KafkaCluster;
let client: KafkaClient;
let folder: string;

/** A cluster that forbids configs and keeps records for an hour. */
beforeAll(async () => {
  const classes = await compileJava(await ensureKafkaJars(), policy);
  cluster = await startKafka({
    extraClassPath: [classes],
    config: {
      'create.topic.policy.class.name': 'ForbiddingPolicy',
      'log.retention.ms': '3600000',
      'log.message.timestamp.before.max.ms': '1000',
    },
  });
  client = await connectKafka({ bootstrapServers: [cluster.bootstrapServers] });
  folder = await mkdtemp(join(tmpdir(), 'kops-policy-'));
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const records = { partitions: [{ batches: [batchAt(offsetsFrom(0, 5))] }] };

async function plan(topics: Parameters<typeof archiveOf>[0]): Promise<{
  readonly archive: Awaited<ReturnType<typeof archiveOf>>;
  readonly made: RestorePlan;
}> {
  const archive = await archiveOf(topics);
  const facts = await inspectTarget(client, archive.manifest);
  return { archive, made: planRestore(archive.manifest, facts) };
}

describe('a target that forbids configs', () => {
  it('is filled with what it allows, and the plan lists the rest before anything is created', async () => {
    const { archive, made } = await plan([
      {
        ...records,
        name: 'orders',
        configs: [
          { name: 'retention.ms', value: '-1', source: dynamic },
          { name: 'compression.type', value: 'zstd', source: dynamic },
          { name: 'segment.ms', value: '7000000', source: dynamic },
        ],
      },
    ]);
    expect(made.refusals).toEqual([]);
    const [topic] = made.topics;
    expect(topic?.unrestorableConfigs).toEqual([
      { name: 'retention.ms', reason: expect.stringContaining('must have an end') as string },
      { name: 'compression.type', reason: expect.stringContaining('is ours') as string },
    ]);
    expect(Object.keys(topic?.fillConfigs ?? {})).not.toContain('retention.ms');
    expect(made.warnings[0]).toMatch(
      /^topic orders: the target does not allow retention\.ms of the source: 3600000 applies; the target possibly deletes records/,
    );
    expect(describePlan(made).join('\n')).toContain('config compression.type');
    expect(await kafkaAdmin(cluster).listTopics()).not.toContain('orders');
    const statePath = join(folder, 'orders.json');
    const result = await executeRestore({ archive, kafka: client, plan: made, statePath });
    expect(result).toMatchObject({ status: 'complete', refusedConfigs: [] });
    expect(await kafkaAdmin(cluster).listTopicConfig('orders')).toEqual({
      'segment.ms': '7000000',
    });
    expect(await readWithJava(cluster, { topics: ['orders'] })).toHaveLength(5);
  });

  it('is not written to where it refuses a topic whatever its configs', async () => {
    const { made } = await plan([{ ...records, name: 'forbidden-a' }]);
    expect(made.refusals).toMatchObject([
      { code: 'KOPS_REFUSED', message: expect.stringContaining('that name is taken') as string },
    ]);
  });

  it('gets what the brokers of the source had by default, where its own defaults delete or reject more', async () => {
    const { archive, made } = await plan([
      {
        ...records,
        name: 'kept',
        configs: [
          { name: 'retention.ms', value: '99000000000', source: fromBroker },
          {
            name: 'message.timestamp.before.max.ms',
            value: '9223372036854775807',
            source: 'DEFAULT_CONFIG',
          },
          { name: 'segment.ms', value: '5000', source: fromBroker },
        ],
      },
    ]);
    expect(made.warnings).toContain(
      "topic kept: retention.ms=99000000000 is set: it was a default of the source's brokers, the target's default is 3600000",
    );
    const statePath = join(folder, 'kept.json');
    await executeRestore({ archive, kafka: client, plan: made, statePath });
    expect(await kafkaAdmin(cluster).listTopicConfig('kept')).toEqual({
      'retention.ms': '99000000000',
      'message.timestamp.before.max.ms': '9223372036854775807',
    });
  });
});

describe('the table of topic configs', () => {
  it('has every config that a broker describes', async () => {
    const found = await client.validateTopics([
      { name: 'any', partitions: 1, replicationFactor: 1, configs: {} },
    ]);
    const names = (found.get('any')?.configs ?? []).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => configRules[name] === undefined)).toEqual([]);
  });

  it('stands in docs/RESTORE.md as it is in the code', async () => {
    const text = await readFile(new URL('../../../docs/RESTORE.md', import.meta.url), 'utf8');
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    const cells = (row: string): string[] => row.split('|').map((cell) => cell.trim());
    expect(rows.map(cells)).toEqual(configRuleRows().map(cells));
  });
});
