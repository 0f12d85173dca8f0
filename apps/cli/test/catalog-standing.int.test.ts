import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaAdmin, produceWithJava, sandboxElasticsearch, sandboxKafka } from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kopsJson, runKops } from './run-kops.ts';
import { endAll, saying, start, until } from './start-kops.ts';

const kafka = sandboxKafka({ beforeAll, afterAll });
const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-fed-'));
});
afterEach(endAll);
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Configuration of an archiver, an agent and their operator, with a catalog at a URL. */
async function configure(name: string, node: string): Promise<string> {
  const address = `unix:${join(folder, `${name}.sock`)}`;
  const prefix = `${elasticsearch().indexPrefix.replaceAll('-', '_')}${name}`;
  const file = join(folder, `${name}.yaml`);
  const { credentials } = elasticsearch();
  await writeFile(
    file,
    JSON.stringify({
      archiver: { address, listen: address, secret: 'a-secret-of-a-test-that-is-long-enough' },
      clusters: { shop: { bootstrapServers: kafka().bootstrapServers.split(',') } },
      repositories: { nas: join(folder, name) },
      logging: { level: 'info' },
      catalog: {
        elasticsearch: { node, ...credentials },
        prefix,
        stateDirectory: join(folder, `${name}-state`),
        records: [{ topics: '*', level: 'full' }],
      },
    }),
  );
  return file;
}

const found = async (config: string): Promise<number> => {
  const run = await runKops(['search', 'kafka.key:k7', '--config', config, '--json']);
  return run.code === 0 ? (JSON.parse(run.stdout) as { total: number }).total : 0;
};

describe.runIf(process.platform === 'linux')('a standing archiver', () => {
  it('feeds the catalog from what it commits, also what was committed while it was down', async () => {
    await kafkaAdmin(kafka()).createTopic({ topic: 'fed' });
    const send = { do: 'send', topic: 'fed', partition: 0, key: 'k7', value: '{"a":1}' } as const;
    await produceWithJava(kafka(), [send]);
    const config = await configure('fed', elasticsearch().url);
    const backup = ['--cluster', 'shop', '--repository', 'nas', '--config', config];
    const first = start(['archiver', '--config', config]);
    await saying(first, 'The archiver listens');
    start(['agent', '--config', config]);
    await kopsJson(['backup', ...backup]);
    await until('the record in the catalog', async () => (await found(config)) === 1, 60_000);
    first.child.kill('SIGTERM');
    expect(await first.ended, first.output()).toEqual([0, null]);

    // By a backup of its own, without a catalog.
    await produceWithJava(kafka(), [send]);
    const embedded = ['--bootstrap-server', kafka().bootstrapServers];
    await kopsJson(['backup', ...embedded, '--repository', join(folder, 'fed')]);
    expect(await found(config)).toBe(1);
    const second = start(['archiver', '--config', config]);
    await saying(second, 'The archiver listens');
    await until('both records in the catalog', async () => (await found(config)) === 2, 60_000);
  });

  it('backs up as ever while there is no Elasticsearch', async () => {
    const config = await configure('alone', 'http://127.0.0.1:1');
    const archiver = start(['archiver', '--config', config]);
    await saying(archiver, 'The archiver listens');
    start(['agent', '--config', config]);
    const backup = ['backup', '--cluster', 'shop', '--repository', 'nas', '--config', config];
    const { archives } = await kopsJson<{ archives: { records: string }[] }>(backup);
    expect(archives).toMatchObject([{ records: 2 }]);
    archiver.child.kill('SIGTERM');
    expect(await archiver.ended, archiver.output()).toEqual([0, null]);
  });
});
