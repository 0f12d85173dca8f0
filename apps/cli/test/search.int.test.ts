import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { matchesGlob } from '@kops/core';
import { basicAuthorization, sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kopsJson, runKops, type KopsRun } from './run-kops.ts';
import { batchOf, recordAt, storeArchive } from './stored-archive.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });
const perTopic = 2;
/** Names that a glob taken for something else would mix up. */
const topics = ['orders', 'orders-eu', 'orders.us', 'order', 'Orders', 'a\\b', 'aXb', 'x*y'];

let folder: string;
let config: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-search-'));
  const repository = join(folder, 'repository');
  const batch = batchOf(Array.from({ length: perTopic }, (_, offset) => recordAt(offset)));
  await storeArchive(repository, {
    ...Object.fromEntries(topics.map((topic) => [topic, [[[batch]]]])),
    __consumer_offsets: [[[batch]]],
  });
  config = await configOf({});
  await kopsJson(['catalog', 'rebuild', ...config]);
}, 300_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const prefix = (): string => elasticsearch().indexPrefix.replaceAll('-', '_').replace(/_$/, '');

function settings(): { node: string; username?: string; password?: string } {
  const { url, credentials } = elasticsearch();
  return { node: url, ...credentials };
}

async function configOf(catalog: object): Promise<string[]> {
  const path = join(folder, `kops-${String(Math.random()).slice(2)}.yaml`);
  const all = {
    repository: [join(folder, 'repository')],
    catalog: {
      elasticsearch: settings(),
      prefix: prefix(),
      stateDirectory: join(folder, 'state'),
      records: [{ topics: '*', level: 'full' }],
      ...catalog,
    },
  };
  await writeFile(path, JSON.stringify(all));
  return ['--config', path];
}

const search = (...args: string[]): Promise<KopsRun> => runKops(['search', ...args, ...config]);

async function topicsFound(...args: string[]): Promise<string[]> {
  const { hits } = await kopsJson<{ hits: { topic: string }[] }>([
    ...['search', '*', '--limit', '1000', ...args],
    ...config,
  ]);
  return [...new Set(hits.map(({ topic }) => topic))].sort();
}

describe('kops search', () => {
  it('takes globs of topics without an archive, as everywhere', async () => {
    for (const glob of ['orders*', 'orders?eu', 'o*', '*\\b', 'a?b', 'x**', '*s', '*']) {
      const meant = topics.filter((topic) => matchesGlob(glob, topic)).sort();
      expect(await topicsFound('--topic', glob), glob).toEqual(meant);
      expect(meant.length, glob).toBeGreaterThan(0);
    }
    expect(await topicsFound('--topic', 'order,Ord*')).toEqual(['Orders', 'order']);
    // Kafka's own topics have to be named, and without a topic all are searched.
    expect(await topicsFound('--topic', '__consumer_offsets')).toEqual(['__consumer_offsets']);
    expect(await topicsFound()).toHaveLength(topics.length + 1);
  });

  it('finds the same by a glob with an archive', async () => {
    const glob = ['--topic', 'orders*'];
    const inArchive = await topicsFound(...glob, '--archive', 'latest');
    expect(inArchive).toEqual(await topicsFound(...glob));
  });

  it('says in one error what is wrong', async () => {
    const none = await search('*', '--topic', 'nothing*');
    expect(none).toMatchObject({ code: 10, stdout: '' });
    expect(none.stderr).toContain('no record in the catalog matches');
    for (const query of ['order:[1 TO', '(a', 'a"b', 'a/b', 'AND']) {
      const unreadable = await search(query);
      expect(unreadable, query).toMatchObject({ code: 2, stdout: '' });
      expect(unreadable.stderr, query).toContain('Failed to parse query');
      expect(unreadable.stderr.match(/^Error:/gm), query).toHaveLength(1);
    }
    const away = await search('a', '--elasticsearch', 'http://127.0.0.1:1');
    expect(away.code).toBe(30);
    const noTopic = await search('a', '--archive', 'latest', '--topic', 'orders2');
    expect(noTopic.code).toBe(10);
    expect(noTopic.stderr).toContain("holds no topic 'orders2'");
  });

  it('says of a catalog that was never made how it is made', async () => {
    const empty = await runKops(['search', 'a', ...(await configOf({ prefix: 'none_yet' }))]);
    expect(empty).toMatchObject({ code: 10, stdout: '' });
    expect(empty.stderr).toMatch(/has no records[\s\S]*kops catalog rebuild/);
  });
});

describe('kops catalog status', () => {
  const status = async (catalog: object, ...args: string[]): Promise<KopsRun> =>
    runKops(['catalog', 'status', ...(await configOf(catalog)), ...args]);

  it('says first whether all is well', async () => {
    const fine = await status({});
    expect(fine.code, fine.stderr).toBe(0);
    expect(fine.stdout).toMatch(/^Catalog +up to date\n/);
    expect(fine.stdout).not.toContain('Next:');
  });

  it('tells how values were read where there is a schema registry', async () => {
    const order = { type: 'record', name: 'Order', fields: [{ name: 'order', type: 'int' }] };
    const registry = createServer((request, response) => {
      const isKnown = request.url?.includes('/schemas/ids/7') === true;
      response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
      const unknown = { error_code: 40403, message: 'Schema not found' };
      response.end(JSON.stringify(isKnown ? { schema: JSON.stringify(order) } : unknown));
    });
    await once(registry.listen(0, '127.0.0.1'), 'listening');
    try {
      const { port } = registry.address() as AddressInfo;
      const repository = join(folder, 'schemas');
      // The second is of a schema that the registry lacks.
      const values = [Buffer.from([0, 0, 0, 0, 7, 10]), Buffer.from([0, 0, 0, 0, 8, 10])];
      const records = [...values, Buffer.from('text')].map((value, at) => recordAt(at, { value }));
      await storeArchive(repository, { avro: [[[batchOf(records)]]] });
      const args = [
        ...['--repository', repository],
        ...(await configOf({
          schemaRegistry: { url: `http://127.0.0.1:${String(port)}` },
          prefix: `${prefix()}_avro`,
        })),
      ];
      await kopsJson(['catalog', 'rebuild', ...args]);
      const { topics: counts } = await kopsJson<{ topics: object[] }>([
        ...['catalog', 'status'],
        ...args,
      ]);
      expect(counts).toMatchObject([
        { topic: 'avro', archived: 3, indexed: 3, values: { decoded: 1, binary: 1 } },
      ]);
      // Without a registry nothing could have been read.
      const [plain] = (await kopsJson<{ topics: object[] }>(['catalog', 'status', ...config]))
        .topics;
      expect(plain).not.toHaveProperty('values');
    } finally {
      registry.close();
    }
  });

  it('tells of the lag when Elasticsearch is away, and ends with 30', async () => {
    const away = await status(
      { stateDirectory: join(folder, 'other') },
      '--elasticsearch',
      'http://127.0.0.1:1',
    );
    expect(away.code).toBe(30);
    expect(away.stdout).toMatch(/^Elasticsearch +not reachable/);
    expect(away.stdout).toContain('0 of 1 indexed, 1 to go');
    expect(away.stderr).toContain('KOPS_ELASTICSEARCH_UNREACHABLE');
  });

  it('says what is missing and what brings it back', async () => {
    const { url, credentials } = elasticsearch();
    const headers =
      credentials === undefined ? {} : { authorization: basicAuthorization(credentials) };
    const gone = `${url}/${prefix()}-records-orders-000001`;
    expect((await fetch(gone, { method: 'DELETE', headers })).ok).toBe(true);
    const missing = await status({});
    expect(missing.code).toBe(21);
    expect(missing.stdout).toMatch(/^Catalog +NOT up to date: 2 records missing\n/);
    expect(missing.stdout).toContain(
      'Next: Run kops catalog rebuild: documents that were indexed are missing',
    );
  });
});
