import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  basicAuthorization,
  kafkaAdmin,
  openJavaProducer,
  produceWithJava,
  readWithJava,
  sandboxElasticsearch,
  sandboxKafka,
  type SendStep,
} from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kopsJson, runKops, type KopsRun } from './run-kops.ts';

/** Found nowhere: not in an index, not in a file that an indexer keeps. */
const canary = 'canary-4929-1234';
const firstTime = 1_760_000_000_000n;
const orders = 400;

interface SearchJson {
  readonly total: number;
  readonly next: string | null;
  readonly hits: readonly {
    readonly archive: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: string;
  }[];
}

const kafka = sandboxKafka({ beforeAll, afterAll });
const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });
let folder: string;
let args: string[];
let archive: string;

const order = (number: number): SendStep => ({
  do: 'send',
  topic: 'orders',
  partition: number % 3,
  key: `order-${String(number)}`,
  value: JSON.stringify({ order: number, card: `${canary}-${String(number)}`, note: 'paid twice' }),
  timestamp: firstTime + BigInt(number),
});

const sent = (count: number): SendStep[] =>
  Array.from({ length: count }, (_, number) => order(number));

async function ask(path: string): Promise<string> {
  const { url, credentials } = elasticsearch();
  const headers =
    credentials === undefined ? {} : { authorization: basicAuthorization(credentials) };
  return (await fetch(`${url}/${path}`, { headers })).text();
}

const prefix = (): string => elasticsearch().indexPrefix.replaceAll('-', '_').replace(/_$/, '');

const run = (command: string, ...more: string[]): Promise<KopsRun> =>
  runKops([...command.split(' '), ...more, ...args]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-catalog-cli-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** In the first test, not in a hook: where no Elasticsearch can be had, every test is skipped. */
async function prepare(): Promise<void> {
  const { url, credentials } = elasticsearch();
  // The records are older than the retention that topics have else.
  const configs = { 'retention.ms': '-1' };
  await kafkaAdmin(kafka()).createTopic({ topic: 'orders', partitions: 3, configs });
  await kafkaAdmin(kafka()).createTopic({ topic: 'private', configs });
  await produceWithJava(kafka(), sent(orders), { config: { 'compression.type': 'zstd' } });
  await produceWithJava(kafka(), [{ ...order(1), topic: 'private', partition: 0 }]);
  await using trader = await openJavaProducer(kafka(), {
    config: { 'transactional.id': 'trader' },
  });
  await trader.run([{ do: 'begin' }, { ...order(9999), partition: 0 }, { do: 'abort' }]);
  const catalog = {
    elasticsearch: { node: url, ...credentials },
    prefix: prefix(),
    stateDirectory: join(folder, 'state'),
    records: [
      { topics: 'orders', level: 'full', masks: [{ field: 'value.card', action: 'redact' }] },
    ],
  };
  const config = join(folder, 'kops.yaml');
  await writeFile(config, JSON.stringify({ repository: join(folder, 'repository'), catalog }));
  args = ['--config', config];
}

describe('a backup with a catalog', () => {
  it('is followed by an index of what it archived', async () => {
    await prepare();
    const result = await kopsJson<{
      archives: { archive: string }[];
      catalog: { report: { records: number; rejected: number } };
    }>(['backup', '--bootstrap-server', kafka().bootstrapServers, ...args]);
    archive = result.archives[0]!.archive;
    expect(result.catalog.report).toMatchObject({ records: orders, rejected: 0 });
    const status = await kopsJson(['catalog', 'status', ...args]);
    expect(status['topics']).toMatchObject([
      { topic: 'orders', archived: orders, indexed: orders },
    ]);
  });

  it('finds records by key, by what they say and by time, and cat prints them from their segment', async () => {
    const byKey = await kopsJson<SearchJson>(['search', 'kafka.key:"order-317"', ...args]);
    expect(byKey.hits).toMatchObject([{ archive, topic: 'orders', partition: 317 % 3 }]);
    const byValue = await kopsJson<SearchJson>(['search', 'kafka.value.order:317', ...args]);
    expect(byValue.hits[0]).toEqual(byKey.hits[0]);
    const at = (number: number): string => String(firstTime + BigInt(number));
    const byTime = await kopsJson<SearchJson>([
      ...['search', '*', '--from', at(100), '--to', at(110), '--archive', 'latest', ...args],
    ]);
    expect(byTime.total).toBe(10);
    const { partition, offset } = byKey.hits[0]!;
    const where = ['--partition', String(partition), '--from-offset', offset, '--count', '1'];
    const printed = await run('cat --topic orders', ...where);
    expect(printed.stdout).toContain(`${canary}-317`);
  });

  it('gives pages that together have every record once', async () => {
    const seen: string[] = [];
    let next: string | null = null;
    do {
      const more: string[] = next === null ? [] : ['--next', next];
      const page: SearchJson = await kopsJson<SearchJson>([
        ...['search', 'paid', '--limit', '150', '--order', 'oldest', ...more, ...args],
      ]);
      seen.push(...page.hits.map(({ partition, offset }) => `${String(partition)}/${offset}`));
      next = page.next;
    } while (next !== null);
    expect(seen).toHaveLength(orders);
    expect(new Set(seen).size).toBe(orders);
  });

  it('marks matches for people, and finds no aborted record', async () => {
    const shown = await run('search paid --limit 2');
    expect(shown.stdout).toContain('2 of 400 records; more with --next');
    expect(shown.stdout).not.toMatch(/[\uE000\uE001]/);
    expect((await run('search kafka.value.order:9999')).code).toBe(10);
  });

  it('has masked values and unlisted topics nowhere', async () => {
    expect((await run('search', canary)).code).toBe(10);
    const unlisted = await ask(`${prefix()}-records-*/_search?q=kafka.topic:private`);
    expect(unlisted).toContain('"value":0');
    const dump = await ask(`${prefix()}-*/_search?size=10000`);
    expect(dump).toContain('[redacted]');
    expect(dump).not.toContain(canary);
    for (const name of await readdir(join(folder, 'state'), { recursive: true })) {
      const text = await readFile(join(folder, 'state', name), 'utf8').catch(() => '');
      expect(text).not.toContain(canary);
    }
  });

  it('writes down who ran what, and drills', async () => {
    const events = await ask(`${prefix()}-events/_search?q=event.action:backup`);
    expect(events).toContain('"outcome":"success"');
    expect(events).toContain(archive);
    await run('restore', '--bootstrap-server', 'localhost:1');
    await ask(`${prefix()}-events/_refresh`);
    const failed = await ask(`${prefix()}-events/_search?q=event.outcome:failure`);
    expect(failed).toContain('KOPS_KAFKA_UNREACHABLE');
  });
});

describe('a restore from a search', () => {
  it('restores exactly what was found, once it is more than a dry run', async () => {
    const numbers = [7, 100, 101, 102, 103, 251, 399];
    const target = [
      ...['--bootstrap-server', kafka().bootstrapServers, '--report-dir', join(folder, 'reports')],
      ...['--from-search', `kafka.value.order:(${numbers.join(' OR ')})`],
      ...['--into', 'orders-found'],
    ];
    const plan = await kopsJson(['restore', ...target, '--dry-run', ...args]);
    expect(plan['result']).toBeNull();
    const topics = await kafkaAdmin(kafka()).listTopics();
    expect(topics).not.toContain('orders-found');
    const restored = await run('restore', ...target);
    expect(restored.code, restored.stderr).toBe(0);
    const all = await readWithJava(kafka(), { topics: ['orders'] });
    const found = await readWithJava(kafka(), { topics: ['orders-found'] });
    const numberOf = (value: unknown): number =>
      (JSON.parse(Buffer.from(String(value), 'base64').toString()) as { order: number }).order;
    const wanted = all.filter(({ value }) => numbers.includes(numberOf(value)));
    const content = (records: typeof all): string[] =>
      records
        .map(({ key, value, headers, partition, timestamp }) =>
          JSON.stringify([partition, key, value, headers, String(timestamp)]),
        )
        .sort();
    expect(wanted).toHaveLength(numbers.length);
    expect(content(found)).toEqual(content(wanted));
    const again = await run('restore', ...target);
    expect(again.code).toBe(12);
  });

  it('ends with 10 for a search without hits', async () => {
    const target = ['--bootstrap-server', kafka().bootstrapServers, '--into', 'x'];
    expect((await run('restore', '--from-search', 'nowhere', ...target)).code).toBe(10);
    const range = await run(
      'restore',
      '--from-search',
      'kafka.value.order:[100 TO 200]',
      ...target,
    );
    expect(range.code).toBe(2);
    expect(range.stderr).toContain('kafka.value.order is compared as text, not as a number');
  });
});

describe('the catalog', () => {
  it('says what is missing, and comes out the same when it is rebuilt', async () => {
    const documents = async (): Promise<unknown> => {
      const answer = JSON.parse(await ask(`${prefix()}-records-*/_search?size=10000`)) as {
        hits: { hits: { _id: string; _source: unknown }[] };
      };
      return answer.hits.hits
        .map(({ _id, _source }) => ({ _id, _source }))
        .sort((a, b) => (a._id < b._id ? -1 : 1));
    };
    const before = await documents();
    expect(before).toHaveLength(orders);
    const { url, credentials } = elasticsearch();
    const headers =
      credentials === undefined ? {} : { authorization: basicAuthorization(credentials) };
    const gone = await fetch(`${url}/${prefix()}-records-orders-000001`, {
      method: 'DELETE',
      headers,
    });
    expect(gone.ok).toBe(true);
    expect((await run('catalog status')).code).toBe(21);
    const rebuilt = await kopsJson<{ created: number }>(['catalog', 'rebuild', ...args]);
    expect(rebuilt.created).toBe(orders);
    expect(await documents()).toEqual(before);
    // One that was interrupted is continued: what is there is not indexed again.
    const resumed = await kopsJson(['catalog', 'rebuild', '--resume', ...args]);
    expect(resumed).toMatchObject({ created: 0, updated: 0 });
    expect((await run('catalog status')).code).toBe(0);
  });

  it('never stands in the way of a backup', async () => {
    await produceWithJava(kafka(), [order(1000)]);
    const away = await runKops([
      ...['backup', '--bootstrap-server', kafka().bootstrapServers, ...args],
      ...['--elasticsearch', 'http://127.0.0.1:1'],
    ]);
    expect(away.code, away.stderr).toBe(0);
    expect(away.stdout).toContain('The catalog is behind');
    // The next one brings what that one left.
    const next = await run('backup', '--bootstrap-server', kafka().bootstrapServers);
    expect(next.code).toBe(0);
    expect((await run('search kafka.value.order:1000')).code).toBe(0);
  });

  it('is asked for by name where there is none', async () => {
    const without = await runKops(['search', 'x']);
    expect(without).toMatchObject({ code: 2, stdout: '' });
    expect(without.stderr).toContain('kops grep');
    const unreachable = await runKops(['search', 'x', '--elasticsearch', 'http://127.0.0.1:1']);
    expect(unreachable.code).toBe(30);
    expect((await run('search', 'kafka.value.order:[1 TO')).code).toBe(2);
  });
});
