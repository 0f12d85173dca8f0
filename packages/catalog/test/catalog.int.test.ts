import {
  basicAuthorization,
  startElasticsearch,
  type ElasticsearchNode,
} from '@kops/elasticsearch-dist';
import { inspect } from 'node:util';
import type { KopsError } from '@kops/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectElasticsearch, type CatalogTuning } from '../src/elasticsearch/index.ts';
import {
  indexDefinitions,
  lineageId,
  type Catalog,
  type CatalogDocument,
  type IndexDefinition,
  type PartitionCount,
  type RecordHit,
} from '../src/index.ts';
import { indexRecords, order, orders, source } from './records.ts';

let node: ElasticsearchNode;
let prefixes = 0;

beforeAll(async () => {
  node = await startElasticsearch({ security: true });
});
afterAll(async () => {
  await node.stop();
});

/** A request past the catalog. */
async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${node.url}${path}`, {
    method,
    headers: {
      authorization: basicAuthorization(node.credentials!),
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.json();
}

/** A catalog of its own; empty unless the prefix is given. */
async function open(
  options: { tuning?: CatalogTuning; prefix?: string; settings?: object } = {},
): Promise<Catalog> {
  const prefix = options.prefix ?? `kops${String(++prefixes)}`;
  return connectElasticsearch(
    { node: node.url, ...node.credentials, prefix, ...options.settings },
    options.tuning === undefined ? {} : { tuning: options.tuning },
  );
}
async function ready(tuning?: CatalogTuning): Promise<Catalog> {
  const catalog = await open(tuning === undefined ? {} : { tuning });
  await catalog.setup();
  return catalog;
}

const lineage = lineageId(source.cluster, source.topicId);
const range = (from: number, to: number) => ({
  lineage,
  partition: 0,
  from: BigInt(from),
  to: BigInt(to),
});
const drill = (id: string, fields: object): CatalogDocument => ({
  kind: 'drills',
  id,
  fields: { '@timestamp': '2026-01-01T00:00:00.000Z', kops: fields },
});

describe('setup', () => {
  it('creates what is missing, and nothing the second time', async () => {
    await using catalog = await open();
    const { prefix } = catalog;
    const first = await catalog.setup();
    expect(first.created).toEqual(
      ['archives', 'segments', 'drills', 'events'].map((kind) => `${prefix}-${kind}-000001`),
    );
    expect(await catalog.setup()).toEqual({
      serverVersion: node.version,
      created: [],
      migrated: [],
      realiased: [],
    });
    expect(await ask('GET', `/${prefix}-archives-000001/_alias`)).toEqual({
      [`${prefix}-archives-000001`]: {
        aliases: { [`${prefix}-archives`]: { is_write_index: true } },
      },
    });
  });

  it('gives indices the mapping of the definitions', async () => {
    await using catalog = await ready();
    await catalog.recordTarget('orders');
    for (const { kind, mappings } of Object.values(indexDefinitions)) {
      const found = Object.values(
        (await ask('GET', `/${catalog.prefix}-${kind}*/_mapping`)) as Record<string, unknown>,
      );
      expect(found).toHaveLength(1);
      expect(found).toEqual([{ mappings }]);
    }
  });

  const changed = (fields: IndexDefinition['mappings']['properties'], version = 2) => ({
    ...indexDefinitions,
    drills: {
      ...indexDefinitions.drills,
      mappings: {
        dynamic: 'strict',
        _meta: { kops_mapping_version: version },
        properties: { ...indexDefinitions.drills.mappings.properties, ...fields },
      } as const,
    },
  });

  it('adds fields that are new, and keeps documents', async () => {
    await using old = await ready();
    await old.put([drill('d1', { archive: 'a1' })]);
    await using catalog = await open({
      prefix: old.prefix,
      tuning: { definitions: changed({ note: { type: 'text' } }) },
    });
    expect((await catalog.setup()).migrated).toEqual([
      { action: 'put-mapping', index: `${old.prefix}-drills-000001`, added: ['note'] },
    ]);
    expect((await catalog.setup()).migrated).toEqual([]);
    await catalog.put([{ ...drill('d2', {}), fields: { note: 'new' } }]);
    await catalog.refresh();
    expect((await catalog.status()).indices.find(({ kind }) => kind === 'drills')).toMatchObject({
      documents: 2,
    });
    await expect(old.setup()).rejects.toMatchObject({ code: 'KOPS_ELASTICSEARCH_MAPPING' });
  });

  it('builds a new index where a type changed, behind the same alias', async () => {
    await using old = await ready();
    await old.put([drill('d1', { archive: 'a1' })]);
    await old.refresh();
    await using catalog = await open({
      prefix: old.prefix,
      tuning: { definitions: changed({ '@timestamp': { type: 'keyword', ignore_above: 100 } }) },
    });
    const into = `${old.prefix}-drills~v2-000001`;
    expect((await catalog.setup()).migrated).toEqual([
      { action: 'reindex', index: `${old.prefix}-drills-000001`, into, changed: ['@timestamp'] },
    ]);
    expect((await catalog.setup()).migrated).toEqual([]);
    await catalog.put([drill('d2', {})]);
    await catalog.refresh();
    const found = (await ask('GET', `/${old.prefix}-drills/_search`)) as {
      hits: { hits: { _index: string; _id: string }[] };
    };
    expect(found.hits.hits.map((hit) => [hit._index, hit._id])).toEqual([
      [into, 'd1'],
      [into, 'd2'],
    ]);
  });

  it('refuses names that something else has', async () => {
    await ask('PUT', '/taken-archives', {});
    await using catalog = await open({ prefix: 'taken' });
    await expect(catalog.setup()).rejects.toMatchObject({ code: 'KOPS_ELASTICSEARCH_MAPPING' });
  });

  it('drops everything of its prefix, and nothing else', async () => {
    await using catalog = await ready();
    await using other = await ready();
    await indexRecords(catalog, orders(0, 3));
    await catalog.drop();
    expect((await catalog.status()).indices).toEqual([]);
    expect((await other.status()).indices).toHaveLength(4);
    expect((await catalog.setup()).created).toHaveLength(4);
  });
});

describe('records', () => {
  it('are found by key, word, field, header and time, and by nothing else', async () => {
    await using catalog = await ready();
    await indexRecords(catalog, orders(0, 50));
    const find = async (query: string) =>
      (await catalog.search({ query, order: 'oldest' })).hits.map(({ offset }) => Number(offset));
    expect(await find('kafka.key:"order-17"')).toEqual([17]);
    expect(await find('order 17')).toEqual([17]);
    expect(await find('kafka.value.order:(17 OR 19)')).toEqual([17, 19]);
    expect(await find('kafka.headers:"trace: t-17"')).toEqual([17]);
    expect(await find('kafka.offset:[48 TO *]')).toEqual([48, 49]);
    expect(
      await find('@timestamp:["2023-11-14T22:13:20.000Z" TO "2023-11-14T22:13:22.000Z"]'),
    ).toEqual([0, 1, 2]);
    // What a range of numbers over a JSON field would find, if it were not refused: the order of text.
    expect(await find('kafka.value.order:["17" TO "2"]')).toEqual([2, 17, 18, 19]);
    await expect(find('kafka.value.order:[17 TO 20]')).rejects.toMatchObject({
      code: 'KOPS_USAGE',
    });
    expect(await find('order AND nowhere')).toEqual([]);
    expect(await catalog.count({ fromTime: 1_700_000_010_000, toTime: 1_700_000_020_000 })).toBe(
      10,
    );
    expect(await catalog.count({ topics: ['other'] })).toBe(0);
    expect(await catalog.count({ ranges: [range(5, 8), range(40, 100)] })).toBe(13);
    expect(await catalog.count({ ranges: [] })).toBe(0);
    expect(await catalog.count({ clusters: ['c2'] })).toBe(0);
  });

  it('say where they are, and what matched', async () => {
    await using catalog = await ready();
    await indexRecords(catalog, [
      order(2 ** 40),
      { ...order(1), offset: 2n ** 62n + 1n, timestamp: -1n },
    ]);
    const { hits, total, next } = await catalog.search({
      query: 'order',
      highlight: { before: '«', after: '»' },
    });
    expect([total, next, hits.length]).toEqual([2, undefined, 2]);
    const { fields, ...hit } = hits[1]!;
    expect(hit).toEqual({
      cluster: 'c1',
      topicId: source.topicId,
      topic: 'orders',
      partition: 0,
      offset: 2n ** 62n + 1n,
      timestamp: -1n,
      lineage,
      archive: source.archive,
      segment: source.segment,
      highlights: { message: ['{"«order»":1,"state":"open"}'] },
    });
    expect(fields['message']).toBe('{"order":1,"state":"open"}');
  });

  it('come in pages, each once, though more are written in between', async () => {
    await using catalog = await ready();
    await indexRecords(
      catalog,
      orders(0, 25).map((record) => ({ ...record, timestamp: 5n })),
    );
    const found: RecordHit[] = [];
    let after: string | undefined;
    do {
      const page = await catalog.search({ size: 10, ...(after === undefined ? {} : { after }) });
      found.push(...page.hits);
      after = page.next;
      await indexRecords(catalog, [{ ...order(100 + found.length), timestamp: 5n }]);
    } while (after !== undefined);
    expect(found.map(({ offset }) => Number(offset))).toEqual(
      Array.from({ length: 25 }, (_, index) => 24 - index),
    );
  });

  it('are the same after a second indexing', async () => {
    await using catalog = await ready();
    const first = await indexRecords(catalog, orders(0, 20));
    const second = await indexRecords(catalog, orders(0, 20));
    expect([first, second]).toMatchObject([
      { created: 20, updated: 0 },
      { created: 0, updated: 20 },
    ]);
    expect(await catalog.count({})).toBe(20);
  });

  it('are in one index only after a roll-over, once they are settled', async () => {
    await using catalog = await ready({ rollover: { maxDocuments: 10, maxShardBytes: 2 ** 40 } });
    const first = await indexRecords(catalog, orders(0, 15));
    expect((await catalog.recordTarget('orders')).hasOthers).toBe(true);
    const second = await indexRecords(catalog, orders(5, 10));
    expect([first.index, second.index]).toEqual(
      [1, 2].map((n) => `${catalog.prefix}-records-orders-00000${String(n)}`),
    );
    expect(await catalog.count({})).toBe(20);
    const target = await catalog.recordTarget('orders');
    expect(await catalog.settleRecords(target, range(5, 10))).toBe(5);
    expect(await catalog.count({})).toBe(15);
    expect(await catalog.settleRecords(target, range(5, 10))).toBe(0);
    // What only the older one has stays, though it is in the range.
    expect(await catalog.settleRecords(target, range(0, 100))).toBe(0);
    expect(await catalog.count({})).toBe(15);
  });

  it('are counted per partition', async () => {
    await using catalog = await ready();
    await indexRecords(catalog, orders(0, 7));
    await indexRecords(catalog, orders(0, 3), { of: { topic: 'Orders', partition: 1 } });
    const counts: PartitionCount[] = [];
    for await (const count of catalog.recordCounts()) counts.push(count);
    expect(counts).toEqual([
      { lineage, partition: 0, records: 7 },
      { lineage, partition: 1, records: 3 },
    ]);
  });

  it('leave with their ranges, and other documents by name', async () => {
    await using catalog = await ready();
    await indexRecords(catalog, orders(0, 20));
    expect(await catalog.deleteRecords([range(0, 5), range(18, 30)])).toBe(7);
    expect(await catalog.count({})).toBe(13);
    expect(await catalog.deleteArchives('file:///b', ['none'])).toBe(0);
  });

  it('name another archive when theirs is retired, and keep all else, every digit too', async () => {
    await using catalog = await ready({ rollover: { maxDocuments: 200, maxShardBytes: 2 ** 40 } });
    const digits = Buffer.from('{"price":1.10,"id":12345678901234567890,"e":1e3}');
    const of = { archive: 'gone' };
    await indexRecords(catalog, orders(0, 250), { of });
    await indexRecords(
      catalog,
      [
        { ...order(300), value: digits },
        { ...order(301), offset: 2n ** 62n + 1n, value: digits },
      ],
      { of },
    );
    await indexRecords(catalog, orders(400, 405), { of: { archive: 'other' } });
    const everything = async () =>
      (
        await (
          await fetch(
            `${node.url}/${catalog.prefix}-records-*/_search?size=1000&sort=kafka.offset`,
            {
              headers: { authorization: basicAuthorization(node.credentials!) },
            },
          )
        ).text()
      ).replace(/"(took|_score|max_score)":[^,]*/g, '');
    const before = await everything();
    expect(before).toContain('"price":1.10,"id":12345678901234567890,"e":1e3');
    const to = { retired: ['gone', 'gone2'], archive: 'kept' };
    const big = { ...range(0, 0), to: 2n ** 63n - 1n, segment: source.segment };
    expect(await catalog.attributeRecords([range(10, 20), range(12, 30)], to)).toBe(20);
    expect(await catalog.attributeRecords([{ ...big, segment: 'another' }], to)).toBe(0);
    expect(await catalog.attributeRecords([big], to)).toBe(232);
    expect(await catalog.attributeRecords([big], to)).toBe(0);
    await catalog.refresh();
    expect(await catalog.count({ query: 'kops.archive:gone' })).toBe(0);
    expect(await catalog.count({ query: 'kops.archive:kept' })).toBe(252);
    expect(await catalog.count({ query: 'kafka.value.price:1.10' })).toBe(2);
    expect(await everything()).toBe(before.replaceAll('"archive":"gone"', '"archive":"kept"'));
  });

  it('lose what masks hide before they are sent', async () => {
    await using catalog = await ready();
    const secret = (n: number) => order(n, { card: 'canary4111', items: [{ card: 'canary4111' }] });
    const masks = ['value.card', 'value.items.*.card', 'headers.trace'].map((field) => ({
      field,
      action: 'redact',
    }));
    await indexRecords(catalog, [secret(0)], { rule: { masks } });
    expect(await catalog.count({ query: 'canary4111' })).toBe(0);
    expect(JSON.stringify(await ask('GET', `/${catalog.prefix}-*/_search?size=100`))).not.toMatch(
      /canary|t-0/,
    );
    await indexRecords(catalog, [secret(1)]);
    expect(await catalog.count({ query: 'canary4111' })).toBe(1);
  });

  it('go through the pipeline of their policy', async () => {
    await using catalog = await ready();
    await ask('PUT', '/_ingest/pipeline/shout', {
      processors: [{ uppercase: { field: 'message' } }, { drop: { if: 'ctx.kafka.offset == 1' } }],
    });
    const { created } = await indexRecords(catalog, orders(0, 3), { rule: { pipeline: 'shout' } });
    expect(created).toBe(2);
    expect((await catalog.search({ query: 'kafka.offset:2' })).hits[0]?.fields['message']).toBe(
      '{"ORDER":2,"STATE":"OPEN"}',
    );
    await expect(
      indexRecords(catalog, orders(0, 3), { rule: { pipeline: 'none' } }),
    ).rejects.toMatchObject({ code: 'KOPS_CONFIG' });
  });

  it('have the alias of their topic again when a dropped index came back without it', async () => {
    await using catalog = await ready();
    const { index } = await indexRecords(catalog, orders(0, 3));
    await ask('DELETE', `/${index}`);
    await ask('PUT', `/${index}/_doc/x`, {});
    expect((await catalog.setup()).realiased).toEqual([index]);
    expect((await catalog.recordTarget('orders')).index).toBe(index);
  });
});

describe('mistakes', () => {
  it('in a query are said as such', async () => {
    await using catalog = await ready();
    await indexRecords(catalog, orders(0, 1));
    await expect(catalog.search({ query: 'a AND (b' })).rejects.toMatchObject({
      code: 'KOPS_USAGE',
    });
    await expect(catalog.search({ after: 'nonsense' })).rejects.toMatchObject({
      code: 'KOPS_USAGE',
    });
    const tooMany = Array.from({ length: 1001 }, () => range(0, 1));
    await expect(catalog.count({ ranges: tooMany })).rejects.toMatchObject({ code: 'KOPS_USAGE' });
    expect(await catalog.count({ ranges: tooMany.slice(1) })).toBe(1);
  });

  it('of documents come as dead letters, with the reason', async () => {
    await using catalog = await ready();
    const target = await catalog.recordTarget('orders');
    const rejected: unknown[] = [];
    await using writer = catalog.openBulk({
      onRejected: (document) => void rejected.push(document),
    });
    await writer.add({ index: target.index, id: '1', json: '{"unknown":1}' });
    await writer.add({ index: target.index, id: '2', json: '{"message":"fine"}' });
    await writer.flush();
    expect(rejected).toMatchObject([
      { id: '1', status: 400, type: 'strict_dynamic_mapping_exception', json: '{"unknown":1}' },
    ]);
    expect(writer.counts).toMatchObject({ created: 1, rejected: 1 });
  });

  it('of a catalog that was not set up create nothing', async () => {
    await using catalog = await open();
    await expect(catalog.put([drill('d', {})])).rejects.toMatchObject({
      code: 'KOPS_ELASTICSEARCH_REFUSED',
    });
    expect((await catalog.status()).indices).toEqual([]);
    expect((await catalog.search({ query: 'x' })).hits).toEqual([]);
  });
});

describe('rights', () => {
  async function apiKey(privileges: string[]): Promise<string> {
    const role = {
      cluster: ['monitor', 'manage_index_templates'],
      indices: [{ names: ['*'], privileges }],
    };
    const { encoded } = (await ask('POST', '/_security/api_key', {
      name: 'k',
      role_descriptors: { r: role },
    })) as { encoded: string };
    return encoded;
  }
  const withKey = (key: string, prefix: string) =>
    connectElasticsearch({ node: node.url, apiKey: key, prefix });

  it('that are enough are enough', async () => {
    const key = await apiKey(['manage', 'read', 'write']);
    await using catalog = await withKey(key, 'enough');
    await catalog.setup();
    await indexRecords(catalog, orders(0, 3));
    expect(await catalog.count({})).toBe(3);
    await catalog.drop();
  });

  it('that are missing are named in one clear error, without the key', async () => {
    await using owner = await ready();
    await indexRecords(owner, orders(0, 3));
    const key = await apiKey(['read']);
    await using catalog = await withKey(key, owner.prefix);
    expect(await catalog.count({})).toBe(3);
    const errors = [
      await indexRecords(catalog, orders(0, 3)).catch((error: unknown) => error),
      await catalog.put([drill('d', {})]).catch((error: unknown) => error),
      await catalog.drop().catch((error: unknown) => error),
    ];
    for (const error of errors as KopsError[]) {
      expect(error).toMatchObject({ code: 'KOPS_ACCESS_DENIED', exitCode: 31 });
      expect(`${error.message} ${String(error.hint)}`).toMatch(/privileges/);
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(key);
    }
  });

  it('of a wrong password are none', async () => {
    const password = 'canary-wrong-password';
    const error = await connectElasticsearch({
      node: node.url,
      username: 'elastic',
      password,
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'KOPS_ACCESS_DENIED' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('canary');
  });
});
