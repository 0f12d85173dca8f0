import { startElasticsearch, type ElasticsearchNode } from '@kops/elasticsearch-dist';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectElasticsearch } from '../src/elasticsearch/index.ts';
import type { Catalog } from '../src/index.ts';
import { anyRecord } from './any-record.ts';
import { indexRecords } from './records.ts';

let node: ElasticsearchNode;
let catalog: Catalog;

beforeAll(async () => {
  node = await startElasticsearch();
  catalog = await connectElasticsearch({ node: node.url });
  await catalog.setup();
});
afterAll(async () => {
  await catalog[Symbol.asyncDispose]();
  await node.stop();
});

/** Values that Lucene, the mapping or the JSON parser of the server might refuse. */
const hostile = [
  `{"a":"${'x'.repeat(40_000)}"}`,
  `{"a":"${'ü'.repeat(1000)}","${'k'.repeat(28_000)}":"${'€'.repeat(1024)}"}`,
  `{"${'k'.repeat(28_600)}":"${'😀'.repeat(512)}"}`,
  `${'{"a":'.repeat(20)}1${'}'.repeat(20)}`,
  `${'{"a":'.repeat(18)}[[[[1]]]]${'}'.repeat(18)}`,
  `{"a":${'['.repeat(500)}1${']'.repeat(500)}}`,
  '{"":1," ":2,".":3,"..":4,"a..b":5,".a":6,"a.":7,"a":{"b":1},"a.b":2}',
  '{"a\\u0000b":1,"b":"\\u0000"}',
  '{"a":"\\ud800","\\udc00":1}',
  '{"__proto__":{"x":1},"constructor":1,"toString":null}',
  '{"n":1e400,"m":12345678901234567890123,"o":-0.0,"p":1.10}',
  '{"a":1,"a":2}',
  '{"a":[1,"x",{"b":[]},null,true]}',
  '{}',
  '\ufeff{"a":1}',
  'word '.repeat(10_000),
  'x'.repeat(60_000),
  '\u0001\u0002\u2028\r\n\t"\\',
].map((value, index) => ({
  offset: BigInt(index),
  timestamp: [0n, 2020n, 99_999n, 253_402_300_799_999n, -1n, 2n ** 62n][index % 6] ?? 0n,
  key: Buffer.from(value),
  value: Buffer.from(value),
  headers: [{ key: value.slice(0, 20_000), value: Buffer.from(value) }],
}));

it('takes documents of records that are made to be refused', async () => {
  const { rejected, created } = await indexRecords(catalog, hostile);
  expect(
    rejected.map(({ id, reason, json }) => ({ id, reason, json: json.slice(0, 300) })),
  ).toEqual([]);
  expect(created).toBe(hostile.length);
  const { hits } = await catalog.search({ query: 'kafka.value.n:1e400' });
  expect(hits.map(({ offset }) => offset)).toEqual([10n]);
  expect(
    await catalog.count({ query: 'kafka.value.m:12345678901234567890123 AND kafka.value.p:1.10' }),
  ).toBe(1);
  expect(await catalog.count({ query: '@timestamp:[1970-01-01 TO 1970-01-02]' })).toBe(9);
});

it('takes documents of any records, whatever the level and the masks', async () => {
  const records = fc.sample(anyRecord, { numRuns: 3000, seed: 7 });
  for (const [index, level] of ['full', 'keys', 'metadata'].entries()) {
    const unique = records.map((record, at) => ({ ...record, offset: BigInt(at) }));
    const rule = { level, masks: [{ field: 'value.a', action: 'hash' }] };
    const { rejected, created } = await indexRecords(catalog, unique, {
      of: { partition: index + 1 },
      rule,
    });
    expect(rejected.map(({ reason, json }) => ({ reason, json: json.slice(0, 300) }))).toEqual([]);
    expect(created).toBe(3000);
  }
});

it.each([
  ['a name with a zero byte', { 'a\0b': 1 }, 'document_parsing_exception'],
  [
    'an object that is nested too deep',
    JSON.parse('{"a":'.repeat(21) + '1' + '}'.repeat(21)),
    'document_parsing_exception',
  ],
  [
    'a path and value that are no term',
    { ['p'.repeat(32_700)]: 'v'.repeat(100) },
    'document_parsing_exception',
  ],
])('would be refused with %s', async (_, value: unknown, type) => {
  const { index } = await catalog.recordTarget('orders');
  const rejected: unknown[] = [];
  await using writer = catalog.openBulk({ onRejected: (document) => void rejected.push(document) });
  await writer.add({ index, id: 'refused', json: JSON.stringify({ kafka: { value } }) });
  await writer.flush();
  expect(rejected).toMatchObject([{ status: 400, type }]);
});
